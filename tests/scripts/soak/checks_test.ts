import { strictEqual, throws } from "node:assert/strict";
import { checkNonce, UNAVAILABLE } from "../../../scripts/soak/_checks.ts";
import type { WireAnswer } from "../../../scripts/soak/_connection.ts";

function toAnswer(status: number, value: unknown): WireAnswer {
  return { status, headers: new Map(), body: new TextEncoder().encode(JSON.stringify(value)) };
}

const BUSY = toAnswer(503, { code: 503, type: "ServiceUnavailableException", message: "Busy" });

Deno.test("checkNonce() takes the request's own number, and a refusal only where its situation allows it", () => {
  strictEqual(checkNonce(toAnswer(200, { nonce: "a" }), "a"), "answered");
  strictEqual(checkNonce(BUSY, "a", [UNAVAILABLE]), "refused 503");
  throws(() => checkNonce(BUSY, "a"), { kind: "wrong" });
  throws(
    () => checkNonce(BUSY, "a", [{ status: 503, type: "InternalServerException" }]),
    { kind: "wrong" },
  );
});

Deno.test("checkNonce() tells another request's answer from one that is no answer", () => {
  throws(() => checkNonce(toAnswer(200, { nonce: "b" }), "a"), { kind: "mixed_up" });
  const text = { ...BUSY, status: 200, body: new TextEncoder().encode("not JSON") };
  throws(() => checkNonce(text, "a"), { kind: "wrong" });
});
