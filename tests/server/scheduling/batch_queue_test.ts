import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { BatchQueue, type QueuedRequest } from "../../../server/scheduling/batch_queue.ts";

interface NumberedRequest extends QueuedRequest {
  readonly number: number;
}

function createRequest(number: number, options: Partial<QueuedRequest> = {}): NumberedRequest {
  return { number, kind: "predict", rows: 1, bytes: 1, ...options };
}

Deno.test("BatchQueue takes one request larger than all its bytes, and nothing beside it", () => {
  const queue = new BatchQueue<NumberedRequest>({ capacity: 10, maxBytes: 100 });
  ok(queue.push(createRequest(0, { bytes: 1_000 })));
  strictEqual(queue.push(createRequest(1)), false);
});

Deno.test("BatchQueue.unshift() puts requests back before all others, in their order", () => {
  const queue = new BatchQueue<NumberedRequest>({ capacity: 3, maxBytes: 100 });
  for (let number = 0; number < 3; number++) queue.push(createRequest(number));
  const taken = queue.take(2);
  queue.push(createRequest(3));
  queue.unshift(taken);
  deepStrictEqual(queue.take(9).map((request) => request.number), [0, 1, 2, 3]);
  strictEqual(queue.bytes, 0);
});

Deno.test("BatchQueue.remove() frees the place and the bytes of what it takes out", () => {
  const queue = new BatchQueue<NumberedRequest>({ capacity: 2, maxBytes: 4 });
  queue.push(createRequest(0, { bytes: 2 }));
  queue.push(createRequest(1, { bytes: 2 }));
  deepStrictEqual(queue.remove((request) => request.number === 0).length, 1);
  strictEqual(queue.remainingCapacity, 1);
  ok(queue.push(createRequest(2, { bytes: 2 })));
  deepStrictEqual(queue.take(9).map((request) => request.number), [1, 2]);
});

Deno.test("BatchQueue gives every request out once, in order, in batches of one kind and at most maxRows rows", () => {
  const requests = fc.array(
    fc.record({
      kind: fc.constantFrom("predict" as const, "explain" as const, "describe" as const),
      rows: fc.integer({ min: 1, max: 12 }),
      bytes: fc.nat(50),
    }),
    { maxLength: 60 },
  );
  fc.assert(fc.property(requests, fc.integer({ min: 1, max: 8 }), (made, maxRows) => {
    const queue = new BatchQueue<NumberedRequest>({ capacity: 1_000, maxBytes: 1_000_000 });
    made.forEach((request, number) => queue.push(createRequest(number, request)));
    const seen: number[] = [];
    while (queue.size > 0) {
      const batch = queue.take(maxRows);
      const rows = batch.reduce((sum, request) => sum + request.rows, 0);
      ok(batch.length === 1 || rows <= maxRows);
      strictEqual(new Set(batch.map((request) => request.kind)).size, 1);
      ok(batch[0].kind !== "describe" || batch.length === 1);
      seen.push(...batch.map((request) => request.number));
    }
    deepStrictEqual(seen, made.map((_, number) => number));
    strictEqual(queue.bytes + queue.rows, 0);
  }));
});
