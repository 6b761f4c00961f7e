/** The key and the certificates of TLS listeners, from the files that the settings name. */
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { basename } from "node:path";
import { isKeyOf } from "./_key_pair.ts";
import { ConfigError, type TlsConfig } from "./server_config.ts";

/** TorchServe's default, and Java's. */
const DEFAULT_KEYSTORE_PASS = "changeit";

/** What the settings of these names say; paths as they are to be opened. */
export interface TlsSource {
  readonly keystore?: string;
  /** `changeit` when absent. */
  readonly keystorePass?: string;
  /** `PKCS12`, in any case, is the only type that is read; so is an absent one. */
  readonly keystoreType?: string;
  readonly certificateFile?: string;
  readonly privateKeyFile?: string;
}

/**
 * Reads the key and certificate chain that the settings name; a keystore wins over the two files.
 *
 * Keys are RSA or EC: PEM files in PKCS8, PKCS1 or SEC1 form without a passphrase, or the first key of a
 * PKCS12 keystore. The certificate is proven to belong to the key; its dates and its issuer are the
 * clients' to judge.
 *
 * @returns `undefined` when no setting names a file.
 * @throws {ConfigError} If a file cannot be read, holds something else, or the two do not match. No
 * message holds the password or a part of a key.
 */
export async function readTlsConfig(source: TlsSource): Promise<TlsConfig | undefined> {
  if (source.keystore !== undefined) return await readKeystore(source.keystore, source);
  const { certificateFile, privateKeyFile } = source;
  if (certificateFile === undefined && privateKeyFile === undefined) return undefined;
  if (certificateFile === undefined || privateKeyFile === undefined) {
    const [given, missing] = privateKeyFile === undefined
      ? ["certificate_file", "private_key_file"]
      : ["private_key_file", "certificate_file"];
    throw new ConfigError(
      `Cannot start: setting "${given}" needs "${missing}" beside it, found none`,
    );
  }
  const certificatePem = await readPem("certificate_file", certificateFile);
  const privateKeyPem = await readPem("private_key_file", privateKeyFile);
  const certificate = parseCertificate(certificatePem, certificateFile);
  const privateKey = parsePrivateKey(privateKeyPem, privateKeyFile);
  if (!isKeyOf(privateKey, certificate)) {
    throw new ConfigError(
      `Cannot start: setting "certificate_file" must begin with the certificate of the key in ` +
        `"${basename(privateKeyFile)}", found another one's in "${basename(certificateFile)}"`,
    );
  }
  return { certificatePem, privateKeyPem };
}

async function readKeystore(path: string, source: TlsSource): Promise<TlsConfig> {
  const type = source.keystoreType ?? "PKCS12";
  if (type.toUpperCase() !== "PKCS12") {
    throw new ConfigError(
      `Cannot start: setting "keystore_type" must be PKCS12, received "${type}"${toWayOut(path)}`,
    );
  }
  const bytes = await readFile("keystore", path);
  if (isJavaKeystore(bytes)) {
    throw new ConfigError(
      `Cannot start: setting "keystore" must name a PKCS12 file, "${basename(path)}" is a Java ` +
        `keystore (JKS)${toWayOut(path)}`,
    );
  }
  // Loaded only here: most servers never see a keystore.
  const { parseKeystore } = await import("./_keystore.ts");
  return parseKeystore(bytes, basename(path), source.keystorePass ?? DEFAULT_KEYSTORE_PASS);
}

/** JKS begins with FEEDFEED, JCEKS with CECECECE. */
function isJavaKeystore(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return false;
  const magic = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0);
  return magic === 0xfeedfeed || magic === 0xcececece;
}

function toWayOut(path: string): string {
  const name = basename(path);
  const target = `${name.replace(/\.(jks|jceks|keystore)$/i, "")}.p12`;
  return `; convert it with keytool -importkeystore -srckeystore ${name} -destkeystore ${target} ` +
    "-deststoretype PKCS12";
}

async function readPem(setting: string, path: string): Promise<string> {
  return new TextDecoder().decode(await readFile(setting, path));
}

async function readFile(setting: string, path: string): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await Deno.readFile(path);
  } catch (cause) {
    const found = cause instanceof Deno.errors.NotFound ? "does not exist" : "cannot be read";
    throw new ConfigError(
      `Cannot start: setting "${setting}" must name a readable file, "${path}" ${found}`,
      { cause },
    );
  }
}

function parseCertificate(pem: string, path: string): X509Certificate {
  try {
    return new X509Certificate(pem);
  } catch (cause) {
    throw new ConfigError(
      `Cannot start: setting "certificate_file" must name a PEM file of X.509 certificates, ` +
        `"${basename(path)}" is none`,
      { cause },
    );
  }
}

function parsePrivateKey(pem: string, path: string): KeyObject {
  const name = basename(path);
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m.test(pem)) {
    throw new ConfigError(
      `Cannot start: setting "private_key_file" must name a key without a passphrase, "${name}" has ` +
        `one; remove it with openssl pkey -in ${name} -out plain.key`,
    );
  }
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new ConfigError(
      `Cannot start: setting "private_key_file" must name a PEM file of an RSA or EC private key ` +
        `(PKCS8, PKCS1 or SEC1), "${name}" is none`,
      { cause },
    );
  }
}
