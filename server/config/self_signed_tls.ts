import { generateKeyPairSync } from "node:crypto";
import type { TlsConfig } from "./server_config.ts";

const VALID_DAYS = 365;
const DAY_MS = 86_400_000;
/** Numbers of `GeneralName` in RFC 5280, section 4.2.1.6. */
const DNS_NAME = 2;
const IP_ADDRESS = 7;
const OWN_NAMES = ["localhost", "127.0.0.1", "::1"];

/**
 * Makes a key and a certificate that last as long as the server does: TorchServe's way when an address
 * says `https` and no setting names a key. It keeps listeners out, and proves nothing of who answers.
 *
 * @param hostnames What clients may call the server besides its loopback names.
 */
export async function createSelfSignedTls(hostnames: readonly string[]): Promise<TlsConfig> {
  const { forge } = await import("./_forge.ts");
  const { privateKey, publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 2048,
    publicKeyEncoding: { type: "spki", format: "pem" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = `00${crypto.randomUUID().replaceAll("-", "")}`;
  // A clock that is a little slow must not find it too young.
  certificate.validity.notBefore = new Date(Date.now() - DAY_MS);
  certificate.validity.notAfter = new Date(Date.now() + VALID_DAYS * DAY_MS);
  const subject = [{ name: "commonName", value: "localhost" }];
  certificate.setSubject(subject);
  certificate.setIssuer(subject);
  certificate.setExtensions([
    { name: "basicConstraints", cA: false },
    { name: "extKeyUsage", serverAuth: true },
    {
      name: "subjectAltName",
      altNames: [...new Set([...OWN_NAMES, ...hostnames])].map((name) =>
        isIpAddress(name) ? { type: IP_ADDRESS, ip: name } : { type: DNS_NAME, value: name }
      ),
    },
  ]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  const certificatePem = forge.pki.certificateToPem(certificate).replaceAll("\r", "");
  return { certificatePem, privateKeyPem: privateKey };
}

function isIpAddress(name: string): boolean {
  return name.includes(":") || /^\d+\.\d+\.\d+\.\d+$/.test(name);
}
