import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { BaseHandler, PredictionException, toNestedOutput } from "marina";
import type { Context, HandlerData, Tensor } from "marina";
import { startHandler, testdata } from "../support/started_handler.ts";

const model = (name: string) => testdata(`models/${name}.onnx`);

Deno.test.each([
  { dtype: "float16", row: [0.5, -2, 65504] },
  { dtype: "float32", row: [0.5, -2, 3.5] },
  { dtype: "float64", row: [0.1, -2e300, 3] },
  { dtype: "int8", row: [-128, 0, 127] },
  { dtype: "uint8", row: [0, 1, 255] },
  { dtype: "int16", row: [-32768, 0, 32767] },
  { dtype: "uint16", row: [0, 1, 65535] },
  { dtype: "int32", row: [-2147483648, 0, 2147483647] },
  { dtype: "uint32", row: [0, 1, 4294967295] },
  { dtype: "int64", row: [-9007199254740991, 0, 7] },
  { dtype: "uint64", row: [0, 1, 9007199254740991] },
  { dtype: "bool", row: [true, false, true] },
  { dtype: "string", row: ["a", "", "grüß"] },
])("base_handler answers what an identity model of $dtype was asked", async ({ dtype, row }) => {
  await using handler = await startHandler(BaseHandler, model(`identity_${dtype}`));
  const other = [...row].reverse();
  deepStrictEqual(await handler.ask(row), row);
  deepStrictEqual(await handler.ask([row]), [row]);
  deepStrictEqual(await handler.ask([row, other]), [row, other]);
  deepStrictEqual(await handler.ask({ x: [row, other] }), [row, other]);
  const { answers } = await handler.predict([{ body: row }, { data: [other, row] }, { x: other }]);
  deepStrictEqual(answers, [row, [other, row], other]);
});

Deno.test("base_handler keeps all digits of 64-bit integers beyond 2^53", async () => {
  await using handler = await startHandler(BaseHandler, model("identity_int64"));
  deepStrictEqual(
    await handler.ask(["9223372036854775807", "-9223372036854775808", 1]),
    [9223372036854775807n, -9223372036854775808n, 1],
  );
});

Deno.test("base_handler takes a raw body as little-endian rows", async () => {
  await using handler = await startHandler(BaseHandler, model("weigh"));
  const bytes = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);
  deepStrictEqual(await handler.ask(bytes(1, 2, 3, 4)), [4321]);
  deepStrictEqual(await handler.ask(bytes(1, 2, 3, 4, 5, 6, 7, 8)), [[4321], [8765]]);
  const { answers, statuses } = await handler.predict([{ body: bytes(1, 2, 3) }]);
  deepStrictEqual(statuses, [400]);
  deepStrictEqual(answers, [{
    code: 400,
    type: "BadRequestException",
    message: 'Cannot build input "x": expected float32 [N, 4], found 12 bytes (it takes 16 a row)',
  }]);
});

Deno.test("base_handler takes a form's fields as inputs, JSON text or bytes", async () => {
  await using handler = await startHandler(BaseHandler, model("two_in_two_out"));
  const text = (value: string) => new TextEncoder().encode(value);
  const bias = new Uint8Array(Float32Array.of(0.5, 0.25).buffer);
  const { answers } = await handler.predict([{ ids: text(" [3, 4]"), bias }]);
  deepStrictEqual(answers, [{ sum: [3.5, 4.25], top: 4 }]);
});

Deno.test("base_handler answers several outputs by name, each with one element a row", async () => {
  await using handler = await startHandler(BaseHandler, model("two_in_two_out"));
  deepStrictEqual(await handler.ask({ ids: [[1, 2], [4, 3]], bias: [[0, 0], [1, 1]] }), {
    sum: [[1, 2], [5, 4]],
    top: [2, 4],
  });
});

Deno.test.each([
  {
    title: "a missing input",
    body: { ids: [1, 2] },
    message: 'Cannot build input "bias": expected float32 [N, 2], found nothing',
  },
  {
    title: "an unknown input",
    body: { ids: [1, 2], bias: [1, 2], mask: [1] },
    message:
      'Cannot build the inputs: expected inputs "ids" int64 [N, 2], "bias" float32 [N, 2], found "mask"',
  },
  {
    title: "different numbers of rows",
    body: { ids: [[1, 2]], bias: [[1, 2], [3, 4]] },
    message:
      'Cannot build input "bias": expected float32 [N, 2], found 2 rows where input "ids" has 1',
  },
  {
    title: "an array where inputs have names",
    body: [[1, 2]],
    message:
      'Cannot build the inputs: expected an object with inputs "ids" int64 [N, 2], "bias" float32 [N, 2], found an array',
  },
])("base_handler answers 400 to $title", async ({ body, message }) => {
  await using handler = await startHandler(BaseHandler, model("two_in_two_out"));
  const { answers, statuses } = await handler.predict([{ body }]);
  deepStrictEqual(statuses, [400]);
  deepStrictEqual(answers, [{ code: 400, type: "BadRequestException", message }]);
});

Deno.test("base_handler refuses inputs named like members of every object", async () => {
  await using handler = await startHandler(BaseHandler, model("identity_float32"));
  const { statuses } = await handler.predict([{ body: JSON.parse('{"__proto__": [1, 2, 3]}') }]);
  deepStrictEqual(statuses, [400]);
});

Deno.test("base_handler runs a model of one row a run row by row", async () => {
  const runs: unknown[] = [];
  const onRun = (rows: unknown) => runs.push(rows);
  await using handler = await startHandler(BaseHandler, model("batch_of_one"), { onRun });
  deepStrictEqual(await handler.ask([1, 2, 3]), { "minus:0": [-1, -2, -3], "total:0": 6 });
  deepStrictEqual(await handler.ask([[1, 2, 3]]), { "minus:0": [[-1, -2, -3]], "total:0": [6] });
  deepStrictEqual(await handler.ask([[1, 2, 3], [4, 5, 6]]), {
    "minus:0": [[-1, -2, -3], [-4, -5, -6]],
    "total:0": [6, 15],
  });
  deepStrictEqual(runs, [1, 1, 1, 1]);
});

Deno.test("base_handler gives scalars and states whole, and never mixes requests that have them", async () => {
  const runs: unknown[] = [];
  const onRun = (rows: unknown) => runs.push(rows);
  await using handler = await startHandler(BaseHandler, model("scalar_and_state"), { onRun });
  const ask = (sr: number) => ({ body: { x: [1, 2], state: [[[sr]], [[2 * sr]]], sr } });
  const { answers } = await handler.predict([ask(3), ask(5)]);
  deepStrictEqual(answers, [
    { y: [3, 6], stateN: [[[6]], [[12]]] },
    { y: [5, 10], stateN: [[[10]], [[20]]] },
  ]);
  deepStrictEqual(runs, [1, 1]);
});

Deno.test("base_handler takes the whole tensor of a model without an axis of rows", async () => {
  await using handler = await startHandler(BaseHandler, model("fixed_pair"));
  deepStrictEqual(await handler.ask([[1, 2, 3], [4, 5, 6]]), [[-1, -2, -3], [-4, -5, -6]]);
  const { statuses } = await handler.predict([{ body: [1, 2, 3] }]);
  deepStrictEqual(statuses, [400]);
});

Deno.test("base_handler joins rows of several requests up to batchSize, a larger request alone", async () => {
  const runs: unknown[] = [];
  const onRun = (rows: unknown) => runs.push(rows);
  await using handler = await startHandler(BaseHandler, model("weigh"), { batchSize: 3, onRun });
  const row = (n: number) => [n, 0, 0, 0];
  const { answers } = await handler.predict([
    { body: row(1) },
    { body: [row(2), row(3)] },
    { body: row(4) },
    { body: [row(5), row(6), row(7), row(8)] },
    { body: row(9) },
  ]);
  deepStrictEqual(answers, [[1], [[2], [3]], [4], [[5], [6], [7], [8]], [9]]);
  deepStrictEqual(runs, [3, 1, 4, 1]);
});

Deno.test("base_handler joins requests of one length only, where a dimension is free", async () => {
  const runs: unknown[] = [];
  const onRun = (rows: unknown) => runs.push(rows);
  await using handler = await startHandler(BaseHandler, model("free_length"), { onRun });
  const bodies = [[1, 2], [3], [4, 5], [6]];
  const { answers } = await handler.predict(bodies.map((body) => ({ body })));
  deepStrictEqual(answers, [[2, 4], [6], [8, 10], [12]]);
  deepStrictEqual(runs, [2, 2]);
});

Deno.test("base_handler tries a model whose outputs name their first axis otherwise, and joins its rows", async () => {
  const runs: unknown[] = [];
  const onRun = (rows: unknown) => runs.push(rows);
  await using handler = await startHandler(BaseHandler, model("renamed_rows"), { onRun });
  deepStrictEqual(runs, [1, 2, 5]);
  const { answers } = await handler.predict([{ body: [1, 2] }, { body: [3, 4] }]);
  deepStrictEqual(answers, [[-1, -2], [-3, -4]]);
  deepStrictEqual(runs, [1, 2, 5, 2]);
});

Deno.test("base_handler never joins requests where the output counts what was found", async () => {
  await using handler = await startHandler(BaseHandler, model("found_things"));
  const { answers } = await handler.predict([{ body: [[1, 2]] }, { body: [[-1, -1]] }]);
  deepStrictEqual(answers, [[1, 2], []]);
});

Deno.test("base_handler answers 400 to a bad request and serves the others of its batch", async () => {
  await using handler = await startHandler(BaseHandler, model("weigh"));
  const { answers, statuses } = await handler.predict([
    { body: [1, 0, 0, 0] },
    { body: [1, 0, 0, "x"] },
    { body: [2, 0, 0, 0] },
  ]);
  deepStrictEqual(statuses, [200, 400, 200]);
  deepStrictEqual([answers[0], answers[2]], [[1], [2]]);
});

Deno.test("base_handler serves the others when one request's values fail a shared run", async () => {
  await using handler = await startHandler(BaseHandler, model("look_up"));
  const { answers, statuses, context } = await handler.predict([
    { body: [1] },
    { body: [99] },
    { body: [3] },
  ]);
  deepStrictEqual(statuses, [200, 503, 200]);
  deepStrictEqual(answers, [
    [10],
    { code: 503, type: "InternalServerException", message: "Prediction failed" },
    [30],
  ]);
  strictEqual(context.rejections?.get(1)?.cause.cause instanceof Error, true);
});

Deno.test("base_handler throws the model's own error when every request fails", async () => {
  await using handler = await startHandler(BaseHandler, model("look_up"));
  await rejects(handler.predict([{ body: [99] }]), /indices element out of data bounds/);
  await rejects(handler.predict([{ body: [99] }, { body: [-99] }]), /out of data bounds/);
});

Deno.test("base_handler answers a batch as it answers each request alone, in its place", async () => {
  await using handler = await startHandler(BaseHandler, model("weigh"), { batchSize: 4 });
  const row = fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 4, maxLength: 4 });
  const body = fc.oneof(
    row,
    fc.array(row, { minLength: 1, maxLength: 6 }),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.constant(null),
  );
  const property = fc.asyncProperty(fc.array(body, { minLength: 1, maxLength: 9 }), async (all) => {
    const { answers } = await handler.predict(all.map((body) => ({ body })));
    for (const [i, body] of all.entries()) deepStrictEqual(answers[i], await handler.ask(body));
  });
  await fc.assert(property, { numRuns: 60 });
});

Deno.test("BaseHandler.describeHandle() tells the model's inputs and outputs", async () => {
  await using handler = await startHandler(BaseHandler, model("weigh"));
  const { answers } = await handler.predict([{}], "describe");
  deepStrictEqual(answers, [{
    inputs: [{ name: "x", dtype: "float32", shape: ["N", 4] }],
    outputs: [{ name: "y", dtype: "float32", shape: ["N", 1] }],
  }]);
});

Deno.test("BaseHandler.explainHandle() refuses with 501 unless a handler has its own", async () => {
  await using handler = await startHandler(BaseHandler, model("weigh"));
  await rejects(handler.predict([{ body: [1, 2, 3, 4] }], "explain"), { errorCode: 501 });
  class Explained extends BaseHandler {
    override explainHandle(_input: unknown, data: unknown[]) {
      return data.map((_, i) => `because ${i}`);
    }
  }
  await using explained = await startHandler(Explained, model("weigh"));
  const { answers } = await explained.predict([{ body: [1, 2, 3, 4] }], "explain");
  deepStrictEqual(answers, ["because 0"]);
});

Deno.test("BaseHandler reports each stage's time as a metric when the config asks for profiles", async () => {
  const modelYamlConfig = { handler: { profile: true } };
  await using handler = await startHandler(BaseHandler, model("weigh"), { modelYamlConfig });
  const { context } = await handler.predict([{ body: [1, 2, 3, 4] }]);
  deepStrictEqual(context.metrics.takeRecords().map(({ name, unit }) => `${name} ${unit}`), [
    "ts_handler_preprocess Milliseconds",
    "ts_handler_inference Milliseconds",
    "ts_handler_postprocess Milliseconds",
  ]);
});

Deno.test("BaseHandler lets a subclass work on one tensor for the whole batch", async () => {
  class Doubling extends BaseHandler<Tensor, Tensor> {
    override preprocess(data: { body: number[] }[]): Tensor {
      const rows = data.flatMap(({ body }) => body.map((value) => 2 * value));
      return { dtype: "float32", shape: [data.length, 4], data: Float32Array.from(rows) };
    }
  }
  await using handler = await startHandler(Doubling, model("weigh"));
  const { answers } = await handler.predict([{ body: [1, 2, 3, 4] }, { body: [0, 0, 0, 1] }]);
  deepStrictEqual(answers, [[8642], [2000]]);
});

Deno.test("BaseHandler.mapRequests() refuses a request alone and passes other errors on", async () => {
  class Picky extends BaseHandler {
    override preprocess(data: HandlerData[], context: Context) {
      return this.mapRequests(data, context, (row) => {
        const body = Number(row.body);
        if (body < 0) throw new PredictionException("No negative numbers", 422);
        if (body > 9) throw new Error("A bug");
        const x: Tensor = { dtype: "float32", shape: [1, 4], data: Float32Array.of(body, 0, 0, 0) };
        return { feeds: { x }, isSingleRow: true };
      });
    }
  }
  await using handler = await startHandler(Picky, model("weigh"));
  const { answers, statuses } = await handler.predict([{ body: -1 }, { body: 7 }]);
  deepStrictEqual(statuses, [422, 200]);
  deepStrictEqual(answers[1], [7]);
  await rejects(handler.predict([{ body: 10 }]), /A bug/);
});

Deno.test("toNestedOutput() nests by shape, and gives a scalar bare", () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
  deepStrictEqual(toNestedOutput({ dtype: "float32", shape: [2, 2, 2], data }), [
    [[1, 2], [3, 4]],
    [[5, 6], [7, 8]],
  ]);
  deepStrictEqual(toNestedOutput({ dtype: "bool", shape: [], data: Uint8Array.of(1) }), true);
  deepStrictEqual(
    toNestedOutput({ dtype: "float32", shape: [0, 2], data: new Float32Array(0) }),
    [],
  );
});
