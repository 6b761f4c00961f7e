import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { WireBatch } from "../../../../server/scheduling/protocol.ts";
import { type BatchRules, runBatch } from "../../../../server/scheduling/worker/run_batch.ts";
import { createEntry, createWorkerModel } from "../../../support/worker_model.ts";

const RULES: BatchRules = { decodesRequests: true, maxResponseBytes: 10 };

function createBatch(bodies: readonly string[], contentType = "text/plain"): WireBatch {
  const items = bodies.map((body, index) => ({
    requestId: `r${index}`,
    parts: [{ name: "body", contentType, bytes: new TextEncoder().encode(body) }],
    headers: [],
    urlPath: "",
  }));
  return { id: 0, kind: "predict", items };
}

Deno.test("runBatch() refuses an answer above max_response_size, inclusive, and gives its neighbours theirs (§2 max_response_size)", async () => {
  const { answers } = await runBatch(
    createBatch(["a", "b", "c"]),
    createEntry(() => ["0123456789", "0123456789x", "short"]),
    createWorkerModel("/nowhere"),
    () => {},
    () => {},
    RULES,
  );
  deepStrictEqual(answers!.map(({ body }) => body.byteLength), [10, 0, 5]);
  deepStrictEqual(answers!.map(({ error }) => error), [undefined, {
    code: "answer_too_large",
    message: "Cannot send the answer: max_response_size allows 10 bytes, the handler made 11",
  }, undefined]);
});

Deno.test.each([
  { decodesRequests: true, found: { a: 1 } },
  { decodesRequests: false, found: new TextEncoder().encode('{"a":1}') },
])(
  "runBatch() gives the handler $found where decode_input_request is $decodesRequests (§2)",
  async ({ decodesRequests, found }) => {
    let body: unknown;
    await runBatch(
      createBatch(['{"a":1}'], "application/json"),
      createEntry((rows) => {
        body = rows[0].body;
        return ["fine"];
      }),
      createWorkerModel("/nowhere"),
      () => {},
      () => {},
      { ...RULES, decodesRequests },
    );
    deepStrictEqual(body, found);
  },
);

Deno.test("runBatch() fails the whole batch when the handler throws (T20)", async () => {
  const { answers, error } = await runBatch(
    createBatch(["a", "b"]),
    createEntry(() => {
      throw new Error("One of them is bad");
    }),
    createWorkerModel("/nowhere"),
    () => {},
    () => {},
    RULES,
  );
  strictEqual(answers, undefined);
  deepStrictEqual([error!.code, error!.message], ["prediction_failed", "Prediction failed"]);
});
