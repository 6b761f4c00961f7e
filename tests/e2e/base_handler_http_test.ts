import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { WAIT_AT_GATE, waitForGate, waitForPending } from "../support/gate.ts";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore, type StoredModel } from "../support/model_store.ts";

const MODELS = [
  "identity_bool",
  "identity_float16",
  "identity_float32",
  "identity_int64",
  "identity_string",
  "two_in_two_out",
  "weigh",
];

interface Served {
  readonly name: string;
  readonly model: string;
  /** A string is JSON text, bytes go as octet-stream. */
  readonly body: string | Uint8Array;
  /** The answer's JSON text without blanks, so that 64-bit integers keep their digits. */
  readonly answer: string;
}

const float32 = (...values: number[]): Uint8Array =>
  new Uint8Array(Float32Array.from(values).buffer);

/** Little-endian halves of 0.5, -2 and 65504. */
const HALVES = Uint8Array.of(0x00, 0x38, 0x00, 0xc0, 0xff, 0x7b);

const SERVED: readonly Served[] = [
  { name: "one row", model: "weigh", body: "[1, 2, 3, 4]", answer: "[4321]" },
  {
    name: "several rows",
    model: "weigh",
    body: "[[1, 2, 3, 4], [5, 6, 7, 8]]",
    answer: "[[4321],[8765]]",
  },
  {
    name: "one row by the input's name",
    model: "weigh",
    body: '{"x": [[1, 2, 3, 4]]}',
    answer: "[[4321]]",
  },
  { name: "a tensor of one row", model: "weigh", body: float32(1, 2, 3, 4), answer: "[4321]" },
  {
    name: "a tensor of two rows",
    model: "weigh",
    body: float32(1, 2, 3, 4, 5, 6, 7, 8),
    answer: "[[4321],[8765]]",
  },
  {
    name: "several inputs and outputs",
    model: "two_in_two_out",
    body: '{"ids": [[1, 2], [4, 3]], "bias": [[0, 0.5], [1, 1]]}',
    answer: '{"sum":[[1,2.5],[5,4]],"top":[2,4]}',
  },
  {
    name: "one row of several inputs",
    model: "two_in_two_out",
    body: '{"ids": [1, 2], "bias": [0, 0.5]}',
    answer: '{"sum":[1,2.5],"top":2}',
  },
  {
    name: "int64 beyond 2^53",
    model: "identity_int64",
    body: '["9223372036854775807", -3, 0]',
    answer: "[9223372036854775807,-3,0]",
  },
  {
    name: "int64 as a tensor",
    model: "identity_int64",
    body: new Uint8Array(BigInt64Array.of(-(2n ** 63n), 1n, 2n).buffer),
    answer: "[-9223372036854775808,1,2]",
  },
  {
    name: "bool",
    model: "identity_bool",
    body: "[true, false, true]",
    answer: "[true,false,true]",
  },
  {
    name: "bool as a tensor",
    model: "identity_bool",
    body: Uint8Array.of(1, 0, 0),
    answer: "[true,false,false]",
  },
  { name: "string", model: "identity_string", body: '["a", "", "ü"]', answer: '["a","","ü"]' },
  {
    name: "float16",
    model: "identity_float16",
    body: "[[0.5, -2, 65504]]",
    answer: "[[0.5,-2,65504]]",
  },
  {
    name: "float16 as a tensor",
    model: "identity_float16",
    body: HALVES,
    answer: "[0.5,-2,65504]",
  },
];

interface Refused {
  readonly name: string;
  readonly model: string;
  readonly body: string | Uint8Array;
  /** What follows `Cannot build input "x": `, or the whole message. */
  readonly message: string;
}

const REFUSED: readonly Refused[] = [
  {
    name: "a row too short",
    model: "weigh",
    body: "[1, 2, 3]",
    message: "expected float32 [N, 4], found number [3]",
  },
  {
    name: "a rank too many",
    model: "weigh",
    body: "[[[1, 2, 3, 4]]]",
    message: "expected float32 [N, 4], found an array of more than 2 dimensions",
  },
  {
    name: "text where numbers are due",
    model: "weigh",
    body: '["1", 2, 3, 4]',
    message: "expected float32 [N, 4], found string at [0]",
  },
  {
    name: "a fraction where whole numbers are due",
    model: "identity_int64",
    body: "[1, 2.5, 3]",
    message: "expected int64 [N, 3], found 2.5 at [1]",
  },
  {
    name: "numbers where truth is due",
    model: "identity_bool",
    body: "[1, 0, 1]",
    message: "expected bool [N, 3], found 1 at [0]",
  },
  {
    name: "a number beyond float16",
    model: "identity_float16",
    body: "[1, 2, 70000]",
    message: "expected float16 [N, 3], found 70000 at [2]",
  },
  {
    name: "a tensor of one and a half rows",
    model: "weigh",
    body: float32(1, 2, 3, 4, 5, 6),
    message: "expected float32 [N, 4], found 24 bytes (it takes 16 a row)",
  },
  {
    name: "an empty tensor",
    model: "weigh",
    body: new Uint8Array(),
    message: "expected float32 [N, 4], found 0 bytes (it takes 16 a row)",
  },
  {
    name: "bytes 2 where truth is due",
    model: "identity_bool",
    body: Uint8Array.of(1, 2, 0),
    message: "expected bool [N, 3], found byte 2 at 1",
  },
];

function post(url: string, body: string | Uint8Array): Promise<Response> {
  const isText = typeof body === "string";
  return fetch(url, {
    method: "POST",
    headers: { "content-type": isText ? "application/json" : "application/octet-stream" },
    body: isText ? body : new Uint8Array(body),
  });
}

interface Answer {
  readonly status: number;
  readonly headers: Headers;
  // deno-lint-ignore no-explicit-any -- The answers' JSON, looked into by the tests.
  readonly body: any;
}

/**
 * Serves a handler that waits at its gate, whose first batch, of one request, stands there; then asks with all
 * bodies, which make up the second batch.
 */
async function askInOneBatch(handler: string, bodies: readonly string[]): Promise<Answer[]> {
  await using store = await createModelStore({
    weigh: {
      handler,
      serializedFile: "tests/testdata/models/weigh.onnx",
      config: "minWorkers: 1\nmaxWorkers: 1\nbatchSize: 8\n",
    },
  });
  await using marina = await startMarina({ args: ["--model-store", store.dir, "--models", "all"] });
  const url = `${marina.inferenceUrl}/predictions/weigh`;
  const first = post(url, "[0, 0, 0, 1]");
  const openGate = await waitForGate(marina, "weigh");
  const asked = bodies.map((body) => post(url, body));
  await waitForPending(marina.managementUrl, "weigh", bodies.length);
  await openGate();
  return await Promise.all([first, ...asked].map(async (asked) => {
    const response = await asked;
    return { status: response.status, headers: response.headers, body: await response.json() };
  }));
}

Deno.test("base_handler serves models over HTTP by their own inputs, types and shapes", async (t) => {
  const models = MODELS.map((name): [string, StoredModel] => [
    name,
    { handler: "base_handler", serializedFile: `tests/testdata/models/${name}.onnx` },
  ]);
  await using store = await createModelStore(Object.fromEntries(models));
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  for (const { name, model, body, answer } of SERVED) {
    await t.step(`${model} answers ${name}`, async () => {
      const response = await post(`${marina.inferenceUrl}/predictions/${model}`, body);
      const text = await response.text();
      deepStrictEqual([response.status, text.replaceAll(/\s/g, "")], [200, answer]);
      strictEqual(response.headers.get("content-type"), "application/json");
    });
  }
  for (const { name, model, body, message } of REFUSED) {
    await t.step(`${model} answers 400 to ${name}`, async () => {
      const response = await post(`${marina.inferenceUrl}/predictions/${model}`, body);
      deepStrictEqual([response.status, await response.json()], [400, {
        code: 400,
        type: "BadRequestException",
        message: `Cannot build input "x": ${message}`,
      }]);
      strictEqual(response.headers.get("content-type"), "application/json");
    });
  }
  await t.step(
    "a body that is no JSON answers 400, though it has as many bytes as a row",
    async () => {
      const response = await post(`${marina.inferenceUrl}/predictions/weigh`, "[1.0, 2.0, 3.0,]");
      strictEqual(
        (await response.json()).message,
        "Cannot read the body: it is said to be JSON and is not",
      );
    },
  );
});

Deno.test("a bad request harms only itself in a batch of good ones", async () => {
  const handler = `
    import { BaseHandler } from "marina";
    ${WAIT_AT_GATE}
    export class Gated extends BaseHandler {
      async preprocess(data, context) {
        await waitAtGate(context);
        return await super.preprocess(data, context);
      }
      postprocess(output, context) {
        for (let i = 0; i < context.requestCount; i++) {
          context.setResponseHeader(i, "x-batch", String(context.requestCount));
        }
        return super.postprocess(output, context);
      }
    }
  `;
  const bodies = [
    "[1, 2, 3, 4]",
    "[1, 2, 3]",
    "[[5, 6, 7, 8], [1, 1, 1, 1]]",
    '{"y": [1, 2, 3, 4]}',
    "[9, 9, 9, 9]",
  ];
  const [first, ...others] = await askInOneBatch(handler, bodies);
  deepStrictEqual(first!.body, [1000]);
  const answers = others.map((
    { status, headers, body },
  ) => [status, headers.get("x-batch"), status === 200 ? body : body.message]);
  deepStrictEqual(answers, [
    [200, "5", [4321]],
    [400, "5", 'Cannot build input "x": expected float32 [N, 4], found number [3]'],
    [200, "5", [[8765], [1111]]],
    [400, "5", 'Cannot build the inputs: expected input "x" float32 [N, 4], found "y"'],
    [200, "5", [9999]],
  ]);
});

Deno.test("a refused request keeps its refusal where a class changes what BaseHandler answers", async () => {
  const handler = `
    import { BaseHandler, topK } from "marina";
    ${WAIT_AT_GATE}
    export class Top extends BaseHandler {
      async handle(data, context) {
        await waitAtGate(context);
        const answers = await super.handle(data, context);
        return answers.map((values) => topK(values, 1)[0]);
      }
    }
  `;
  const [first, good, bad] = await askInOneBatch(handler, ["[1, 2, 3, 4]", "[1, 2, 3]"]);
  deepStrictEqual(first!.body, { index: 0, value: 1000 });
  deepStrictEqual([good!.status, good!.body], [200, { index: 0, value: 4321 }]);
  deepStrictEqual([bad!.status, bad!.body], [400, {
    code: 400,
    type: "BadRequestException",
    message: 'Cannot build input "x": expected float32 [N, 4], found number [3]',
  }]);
});
