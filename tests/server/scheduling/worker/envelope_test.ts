/** Wrapped batches through a worker's own code, without a thread. */
import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import type { Context } from "../../../../handlers/mod.ts";
import type { EnvelopeName } from "../../../../server/config/mod.ts";
import type { WireBatch, WireKind } from "../../../../server/scheduling/protocol.ts";
import { createEnvelope } from "../../../../server/scheduling/worker/envelope.ts";
import { runBatch } from "../../../../server/scheduling/worker/run_batch.ts";
import { createEntry, createWorkerModel } from "../../../support/worker_model.ts";

interface Asked {
  readonly envelope: EnvelopeName;
  readonly bodies: readonly string[];
  readonly handle: (rows: unknown[], context: Context) => unknown;
  readonly kind?: WireKind;
}

/** Runs these bodies, which have no content type, as one batch. */
function run({ envelope, bodies, handle, kind = "predict" }: Asked) {
  const batch: WireBatch = {
    id: 0,
    kind,
    items: bodies.map((body, i) => ({
      requestId: `r${i}`,
      parts: [{ name: "body", contentType: "", bytes: new TextEncoder().encode(body) }],
      headers: ["n", String(i)],
    })),
  };
  return runBatch(
    batch,
    createEntry(handle),
    createWorkerModel("/nowhere"),
    () => {},
    () => {},
    {
      decodesRequests: true,
      maxResponseBytes: 1_000,
      envelope: createEnvelope(envelope, { areWholesFloats: false }),
    },
  );
}

/** Each answer's status and JSON. */
async function answer(asked: Asked): Promise<unknown[]> {
  const { answers, error } = await run(asked);
  strictEqual(error, undefined);
  return answers!.map(({ status, body }) => [status, JSON.parse(new TextDecoder().decode(body))]);
}

Deno.test.each(["json", "kserve"] as const)(
  "%s joins the instances of a batch, and gives each request the results of its own",
  async (envelope) => {
    let seen: unknown;
    const answers = await answer({
      envelope,
      bodies: ['{"instances": [1, 2]}', '{"instances": [3]}', '{"instances": [4, 5, 6]}'],
      handle: (rows, context) => {
        seen = rows.map((
          row,
          i,
        ) => [row, context.getRequestId(i), context.getRequestHeader(i, "n")]);
        return rows.map((row) => Number(row) * 10);
      },
    });
    deepStrictEqual(seen, [
      [1, "r0", "0"],
      [2, "r0", "0"],
      [3, "r1", "1"],
      [4, "r2", "2"],
      [5, "r2", "2"],
      [6, "r2", "2"],
    ]);
    deepStrictEqual(answers, [
      [200, { predictions: [10, 20] }],
      [200, { predictions: [30] }],
      [200, { predictions: [40, 50, 60] }],
    ]);
  },
);

Deno.test("kservev2 gives each request of a batch the outputs of its own inputs", async () => {
  const tensor = (name: string, value: number) => ({
    name,
    shape: [1],
    datatype: "INT64",
    data: [value],
  });
  const answers = await answer({
    envelope: "kservev2",
    bodies: [
      JSON.stringify({ id: "a", inputs: [tensor("x", 1), tensor("y", 2)] }),
      JSON.stringify({ id: " ", inputs: [tensor("z", 3)] }),
    ],
    handle: (rows) => (rows as { data: number[] }[]).map(({ data }) => data[0]! * 10),
  });
  const output = (name: string, value: number) => ({
    ...{ name, datatype: "INT64", data: [value], shape: [1] },
  });
  deepStrictEqual(answers, [
    [200, {
      id: "a",
      model_name: "test",
      model_version: "1.0",
      outputs: [output("x", 10), output("y", 20)],
    }],
    [200, { id: "r1", model_name: "test", model_version: "1.0", outputs: [output("z", 30)] }],
  ]);
});

Deno.test("a request that is not wrapped costs its neighbours in the batch nothing", async () => {
  const answers = await answer({
    envelope: "kserve",
    bodies: ["{", '{"instances": [1]}', "[]", '{"instances": [2]}'],
    handle: (rows) => rows,
  }) as [number, Record<string, unknown>][];
  deepStrictEqual(answers.map(([status]) => status), [400, 200, 400, 200]);
  deepStrictEqual([answers[1]![1], answers[3]![1]], [{ predictions: [1] }, { predictions: [2] }]);
});

Deno.test("a handler is not called for a batch of which no request could be opened", async () => {
  let calls = 0;
  const answers = await answer({
    envelope: "json",
    bodies: ["{", "{"],
    handle: (rows) => {
      calls += rows === null ? 0 : 1;
      return rows;
    },
  }) as [number, unknown][];
  deepStrictEqual([calls, answers.map(([status]) => status)], [0, [400, 400]]);
});

Deno.test("status and headers that a handler gives a row are its request's; a refused row refuses it", async () => {
  const { answers } = await run({
    envelope: "kserve",
    bodies: ['{"instances": [1, 2]}', '{"instances": [3, 4]}', '{"instances": [5]}'],
    handle: (rows, context) => {
      context.setResponseStatus(201, "Made", 0);
      context.setResponseHeader(1, "x-own", "two");
      context.setResponseStatus(422, "", 3);
      return rows.map((row) => row === 4 ? { message: "not four" } : row);
    },
  });
  const text = (i: number): unknown => JSON.parse(new TextDecoder().decode(answers![i]!.body));
  deepStrictEqual(answers!.map(({ status, statusText }) => [status, statusText]), [
    [201, "Made"],
    [422, ""],
    [200, ""],
  ]);
  deepStrictEqual(answers![0]!.headers, ["x-own", "two", "content-type", "application/json"]);
  deepStrictEqual(text(1), { message: "not four", error: "not four" });
  deepStrictEqual(text(2), { predictions: [5] });
});

Deno.test("of one request the results may be any number, of several they must be as many as the rows (§1.4)", async () => {
  const handle = () => ["all"];
  deepStrictEqual(
    await answer({ envelope: "kserve", bodies: ['{"instances": [1, 2]}'], handle }),
    [[200, { predictions: ["all"] }]],
  );
  const bodies = ['{"instances": [1, 2]}', '{"instances": [3]}'];
  const { error } = await run({ envelope: "kserve", bodies, handle });
  strictEqual(error!.message, "number of batch response mismatched");
});

Deno.test("kserve answers explanations to an explanation, and a description is not unwrapped", async () => {
  const bodies = ['{"instances": [1]}'];
  const explained = await answer({ envelope: "kserve", bodies, handle: (r) => r, kind: "explain" });
  deepStrictEqual(explained, [[200, { explanations: [1] }]]);
  const described = await answer({
    envelope: "kserve",
    bodies,
    handle: (rows) => rows.map((row) => Object.keys(row as object)),
    kind: "describe",
  });
  deepStrictEqual(described, [[200, ["body"]]]);
});

Deno.test("body hands on what the request is about, and the answer as it is", async () => {
  const { answers } = await run({
    envelope: "body",
    bodies: ["one", "two"],
    handle: (rows) =>
      rows.map((row) => {
        ok(row instanceof Uint8Array);
        return new TextDecoder().decode(row);
      }),
  });
  deepStrictEqual(answers!.map(({ body }) => new TextDecoder().decode(body)), ["one", "two"]);
});
