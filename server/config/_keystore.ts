import { forge } from "./_forge.ts";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { isKeyOf } from "./_key_pair.ts";
import { ConfigError, type TlsConfig } from "./server_config.ts";

const { asn1, pkcs12, pki, pem: pemText } = forge;

/**
 * Opens a PKCS12 keystore: the first private key, and its certificate followed by those that issued it.
 *
 * Reads the forms of today (AES, SHA-2) and of old (RC2 and Triple DES, SHA-1), RSA and EC keys.
 *
 * @param name For messages.
 * @throws {ConfigError} If the password is not the keystore's, or key or certificate are missing.
 */
export function parseKeystore(bytes: Uint8Array, name: string, password: string): TlsConfig {
  const bags = openKeystore(bytes, name, password);
  const privateKeyPem = bags.map(toPrivateKeyPem).find((pem) => pem !== undefined);
  if (privateKeyPem === undefined) throw createError(name, "no private key");
  const certificates = bags.map(toCertificate).filter((one) => one !== undefined);
  const chain = sortChain(certificates, createPrivateKey(privateKeyPem));
  if (chain.length === 0) throw createError(name, "no certificate of its first key");
  return {
    privateKeyPem,
    certificatePem: chain.map(({ der }) => toPem("CERTIFICATE", der)).join(""),
  };
}

function openKeystore(bytes: Uint8Array, name: string, password: string): forge.pkcs12.Bag[] {
  let decoded: forge.asn1.Asn1;
  try {
    decoded = asn1.fromDer(forge.util.createBuffer(Uint8Array.from(bytes).buffer));
  } catch (cause) {
    throw createError(name, "something else", cause);
  }
  try {
    return pkcs12.pkcs12FromAsn1(decoded, true, password).safeContents.flatMap(({ safeBags }) =>
      safeBags
    );
  } catch (cause) {
    if (
      cause instanceof Error && /MAC could not be verified|Invalid password/i.test(cause.message)
    ) {
      throw new ConfigError(
        `Cannot start: setting "keystore_pass" must be the password of "${name}", it does not open it`,
        { cause },
      );
    }
    throw createError(name, "contents that cannot be read", cause);
  }
}

/** RSA keys come parsed, others as the `PrivateKeyInfo` that they were. */
function toPrivateKeyPem({ type, key, asn1: other }: forge.pkcs12.Bag): string | undefined {
  if (type !== pki.oids.keyBag && type !== pki.oids.pkcs8ShroudedKeyBag) return undefined;
  const info = key ? pki.wrapRsaPrivateKey(pki.privateKeyToAsn1(key)) : other;
  return toPem("PRIVATE KEY", asn1.toDer(info).getBytes());
}

interface StoredCertificate {
  readonly der: string;
  readonly parsed: X509Certificate;
}

function toCertificate(bag: forge.pkcs12.Bag): StoredCertificate | undefined {
  if (bag.type !== pki.oids.certBag) return undefined;
  const der = asn1.toDer(bag.cert ? pki.certificateToAsn1(bag.cert) : bag.asn1).getBytes();
  const bytes = Uint8Array.from(der, (byte) => byte.charCodeAt(0));
  return { der, parsed: new X509Certificate(bytes) };
}

/** A keystore's order says nothing: the key's certificate first, then each one's issuer. */
function sortChain(
  certificates: readonly StoredCertificate[],
  key: KeyObject,
): StoredCertificate[] {
  const rest = new Set(certificates);
  const chain: StoredCertificate[] = [];
  let next = certificates.find(({ parsed }) => isKeyOf(key, parsed));
  while (next !== undefined) {
    const last: StoredCertificate = next;
    chain.push(last);
    rest.delete(last);
    next = [...rest].find(({ parsed }) => parsed.subject === last.parsed.issuer);
  }
  return chain;
}

function toPem(type: string, der: string): string {
  return pemText.encode({ type, body: der }).replaceAll("\r", "");
}

function createError(name: string, found: string, cause?: unknown): ConfigError {
  return new ConfigError(
    `Cannot start: setting "keystore" must name a PKCS12 file with a key and its certificate, ` +
      `"${name}" holds ${found}`,
    { cause },
  );
}
