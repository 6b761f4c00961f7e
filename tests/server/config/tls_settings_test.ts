import { match, ok, rejects, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readConfig } from "./_read_config.ts";

const TLS = fileURLToPath(new URL("../../testdata/tls/", import.meta.url));
const HTTPS = "inference_address=https://127.0.0.1:8443";

Deno.test("private_key_file and certificate_file become PEM texts (§2 private_key_file, certificate_file)", async () => {
  const { config, warnings } = await readConfig([
    HTTPS,
    `private_key_file=${TLS}rsa_pkcs8.key`,
    `certificate_file=${TLS}rsa_chain.crt`,
  ]);
  strictEqual(warnings.length, 0);
  match(config.tls!.certificatePem, /BEGIN CERTIFICATE/);
  match(config.tls!.privateKeyPem, /PRIVATE KEY/);
});

Deno.test("a keystore is opened with changeit, or keystore_pass (§2 keystore, keystore_pass, keystore_type)", async () => {
  const lines = [HTTPS, `keystore=${TLS}rsa_modern.p12`];
  const { config } = await readConfig([...lines, "keystore_type=PKCS12"]);
  match(config.tls!.certificatePem, /BEGIN CERTIFICATE/);
  await rejects(readConfig([...lines, "keystore_pass=some other"]), (error: Error) => {
    ok(error.name === "ConfigError" && !error.message.includes("some other"));
    return true;
  });
  await rejects(readConfig([...lines, "keystore_type=JKS"]), { name: "ConfigError" });
});
