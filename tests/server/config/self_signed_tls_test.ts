import { createPrivateKey, X509Certificate } from "node:crypto";
import { notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { isKeyOf } from "../../../server/config/_key_pair.ts";
import { createSelfSignedTls } from "../../../server/config/mod.ts";

Deno.test("createSelfSignedTls() makes a new key and a certificate of the names that clients may use (§1.1)", async () => {
  const tls = await createSelfSignedTls(["127.0.0.1", "models.example", "fe80::1"]);
  const certificate = new X509Certificate(tls.certificatePem);
  ok(isKeyOf(createPrivateKey(tls.privateKeyPem), certificate));
  const names = String(certificate.subjectAltName);
  for (
    const name of [
      "DNS:localhost",
      "DNS:models.example",
      "IP Address:127.0.0.1",
      "IP Address:fe80::1",
    ]
  ) {
    strictEqual(names.split(name).length, 2, `${name} in ${names}`);
  }
  ok(new Date(certificate.validFrom) < new Date());
  ok(new Date(certificate.validTo).getTime() > Date.now() + 364 * 86_400_000);
  notStrictEqual((await createSelfSignedTls([])).privateKeyPem, tls.privateKeyPem);
});
