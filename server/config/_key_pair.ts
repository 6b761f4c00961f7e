import { createPublicKey, type KeyObject, type X509Certificate } from "node:crypto";

/** True when the certificate was made for the key. Runtimes before 2.7 lack `checkPrivateKey()` and `equals()`. */
export function isKeyOf(privateKey: KeyObject, certificate: X509Certificate): boolean {
  return toDer(certificate.publicKey).equals(toDer(createPublicKey(privateKey)));
}

function toDer(publicKey: KeyObject) {
  return publicKey.export({ type: "spki", format: "der" });
}
