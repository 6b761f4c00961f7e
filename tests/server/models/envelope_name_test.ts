import { strictEqual, throws } from "node:assert/strict";
import { resolveEnvelope } from "../../../server/models/envelope_name.ts";

Deno.test("resolveEnvelope() takes a manifest's envelope, and none for none (§2 service_envelope)", () => {
  for (const name of ["body", "json", "kserve", "kservev2"]) {
    strictEqual(resolveEnvelope(name), name);
  }
  strictEqual(resolveEnvelope(undefined), undefined);
  strictEqual(resolveEnvelope(""), undefined);
});

Deno.test("resolveEnvelope() refuses an envelope that nobody knows", () => {
  throws(() => resolveEnvelope("seldon"), {
    name: "ServeError",
    code: "archive_invalid",
    message: 'Cannot use envelope "seldon": the envelopes are "body", "json", "kserve", "kservev2"',
  });
});
