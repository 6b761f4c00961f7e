import { createPrivateKey } from "node:crypto";
import { ok, rejects, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { forge } from "../../../server/config/_forge.ts";
import { readTlsConfig } from "../../../server/config/_tls_files.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const TLS_DIR = fileURLToPath(new URL("../../testdata/tls/", import.meta.url));

function at(name: string): string {
  return TLS_DIR + name;
}

function readText(name: string): string {
  return Deno.readTextFileSync(at(name));
}

/** Rejects with this message, in which the password must not be. */
async function refuses(source: Parameters<typeof readTlsConfig>[0], message: string | RegExp) {
  await rejects(readTlsConfig(source), { name: "ConfigError", message });
}

Deno.test("readTlsConfig() answers undefined when no setting names a file", async () => {
  strictEqual(await readTlsConfig({ keystorePass: "x", keystoreType: "PKCS12" }), undefined);
});

Deno.test.each([
  { key: "rsa_pkcs8.key", chain: "rsa_chain.crt" },
  { key: "rsa_pkcs1.key", chain: "rsa_chain.crt" },
  { key: "ec_pkcs8.key", chain: "ec_chain.crt" },
  { key: "ec_sec1.key", chain: "ec_chain.crt" },
])("readTlsConfig() takes $key and $chain as they stand (§2)", async ({ key, chain }) => {
  const tls = await readTlsConfig({ privateKeyFile: at(key), certificateFile: at(chain) });
  strictEqual(tls?.privateKeyPem, readText(key));
  strictEqual(tls.certificatePem, readText(chain));
});

Deno.test.each([
  { keystore: "rsa_modern.p12", pass: undefined, key: "rsa_pkcs8.key", chain: "rsa_chain.crt" },
  { keystore: "rsa_legacy.p12", pass: "changeit", key: "rsa_pkcs8.key", chain: "rsa_chain.crt" },
  { keystore: "ec_password.p12", pass: "marina", key: "ec_pkcs8.key", chain: "ec_chain.crt" },
])(
  "readTlsConfig() finds the key and the whole chain in $keystore, whatever files are named beside it (§2)",
  async ({ keystore, pass, key, chain }) => {
    const tls = await readTlsConfig({
      keystore: at(keystore),
      keystorePass: pass,
      privateKeyFile: "/nowhere",
      certificateFile: "/nowhere",
    });
    strictEqual(tls?.privateKeyPem, readText(key));
    strictEqual(tls.certificatePem, readText(chain));
  },
);

Deno.test("readTlsConfig() opens a keystore that Java's keytool made", async () => {
  const tls = await readTlsConfig({ keystore: at("keytool.p12"), keystoreType: "pkcs12" });
  strictEqual(createPrivateKey(tls!.privateKeyPem).asymmetricKeyType, "rsa");
  ok(tls!.certificatePem.startsWith("-----BEGIN CERTIFICATE-----\n"));
});

Deno.test("readTlsConfig() refuses a Java keystore, and says how to convert it", async () => {
  const wayOut = "; convert it with keytool -importkeystore -srckeystore java.jks " +
    "-destkeystore java.p12 -deststoretype PKCS12";
  await refuses(
    { keystore: at("java.jks") },
    'Cannot start: setting "keystore" must name a PKCS12 file, "java.jks" is a Java keystore (JKS)' +
      wayOut,
  );
  await refuses(
    { keystore: at("java.jks"), keystoreType: "JKS" },
    `Cannot start: setting "keystore_type" must be PKCS12, received "JKS"${wayOut}`,
  );
});

Deno.test("readTlsConfig() refuses a keystore's wrong password without repeating it", async () => {
  await refuses(
    { keystore: at("ec_password.p12"), keystorePass: "secret" },
    'Cannot start: setting "keystore_pass" must be the password of "ec_password.p12", it does not open it',
  );
});

Deno.test.each([
  { name: "no_key.p12", found: "no private key" },
  { name: "rsa_chain.crt", found: "something else" },
])("readTlsConfig() refuses $name as a keystore: it holds $found", async ({ name, found }) => {
  await refuses(
    { keystore: at(name) },
    'Cannot start: setting "keystore" must name a PKCS12 file with a key and its certificate, ' +
      `"${name}" holds ${found}`,
  );
});

Deno.test("readTlsConfig() refuses a key without a certificate, and a certificate without a key", async () => {
  await refuses(
    { privateKeyFile: at("rsa_pkcs8.key") },
    'Cannot start: setting "private_key_file" needs "certificate_file" beside it, found none',
  );
  await refuses(
    { certificateFile: at("rsa_chain.crt") },
    'Cannot start: setting "certificate_file" needs "private_key_file" beside it, found none',
  );
});

Deno.test("readTlsConfig() refuses a certificate of another key", async () => {
  await refuses(
    { privateKeyFile: at("ec_pkcs8.key"), certificateFile: at("rsa_chain.crt") },
    'Cannot start: setting "certificate_file" must begin with the certificate of the key in ' +
      '"ec_pkcs8.key", found another one\'s in "rsa_chain.crt"',
  );
});

Deno.test("readTlsConfig() refuses a key behind a passphrase, and says how to remove it", async () => {
  await refuses(
    { privateKeyFile: at("encrypted.key"), certificateFile: at("rsa_chain.crt") },
    'Cannot start: setting "private_key_file" must name a key without a passphrase, "encrypted.key" ' +
      "has one; remove it with openssl pkey -in encrypted.key -out plain.key",
  );
});

Deno.test("readTlsConfig() names the setting whose file is missing or holds something else", async () => {
  const certificateFile = at("rsa_chain.crt");
  await refuses(
    { privateKeyFile: at("none.key"), certificateFile },
    `Cannot start: setting "private_key_file" must name a readable file, "${
      at("none.key")
    }" does not exist`,
  );
  await refuses(
    { privateKeyFile: certificateFile, certificateFile },
    /"private_key_file" .* is none$/,
  );
  await refuses(
    { privateKeyFile: at("rsa_pkcs8.key"), certificateFile: at("README.md") },
    'Cannot start: setting "certificate_file" must name a PEM file of X.509 certificates, "README.md" is none',
  );
  await refuses(
    { keystore: at("none.p12") },
    /^Cannot start: setting "keystore" must name a readable/,
  );
});

Deno.test("readTlsConfig() puts a keystore's certificates in order: the key's own, then its issuer's", async () => {
  const [own, issuer] = readText("rsa_chain.crt").split(/(?<=-----END CERTIFICATE-----\n)/);
  const { pki, pkcs12, asn1 } = forge;
  const key = pki.privateKeyFromPem(readText("rsa_pkcs8.key"));
  const certificates = [issuer!, own!].map((pem) => pki.certificateFromPem(pem));
  const store = pkcs12.toPkcs12Asn1(key, certificates, "changeit", { algorithm: "aes256" });
  const bytes = Uint8Array.from(asn1.toDer(store).getBytes(), (byte) => byte.charCodeAt(0));
  await using folder = await TempFolder.create();
  const tls = await readTlsConfig({ keystore: await folder.write("mixed.p12", bytes) });
  strictEqual(tls?.certificatePem, readText("rsa_chain.crt"));
});
