/** KServe's clients and the envelopes, as their users ask: real archives, real processes. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** Four floats to the sum of their tens: `[1, 2, 3, 4]` is `[4321]`. */
const WEIGH = { handler: "base_handler", serializedFile: "tests/testdata/models/weigh.onnx" };
const INT64 = {
  handler: "base_handler",
  serializedFile: "tests/testdata/models/identity_int64.onnx",
};

/** Answers what each row is. */
const ROWS_HANDLER = `
export function handle(rows, context) {
  return rows?.map((row, i) => row instanceof Uint8Array
    ? "bytes " + [...row]
    : { row, explain: context.getRequestHeader(i, "explain"), path: context.getRequestHeader(i, "url_path") });
}
`;

const ONE_WORKER = { default_workers_per_model: 1 };

/** Posts without any content type, as newman and `curl -T` do. */
async function ask(
  marina: MarinaProcess,
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<{ readonly status: number; readonly text: string; readonly json: unknown }> {
  const bytes = new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
  const response = await fetch(marina.inferenceUrl + path, {
    method: "POST",
    body: bytes,
    headers,
  });
  const text = await response.text();
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    json = undefined;
  }
  return { status: response.status, text, json };
}

/** A model folder whose manifest names the envelope of that name; the packer has no option for it. */
async function addFolder(storeDir: string, envelope: string): Promise<void> {
  const dir = `${storeDir}/${envelope}`;
  const manifest = {
    runtime: "deno",
    model: { modelName: envelope, modelVersion: "1.0", handler: "handler.ts", envelope },
  };
  await Deno.mkdir(`${dir}/MAR-INF`, { recursive: true });
  await Deno.writeTextFile(`${dir}/MAR-INF/MANIFEST.json`, JSON.stringify(manifest));
  await Deno.writeTextFile(`${dir}/handler.ts`, ROWS_HANDLER);
}

Deno.test("service_envelope=kserve answers KServe's V1 (§1.4, §2 service_envelope, T5)", async (t) => {
  await using store = await createModelStore({
    weigh: WEIGH,
    rows: { handler: ROWS_HANDLER },
    together: {
      ...WEIGH,
      config: "minWorkers: 1\nmaxWorkers: 1\nbatchSize: 8\nmaxBatchDelay: 50\n",
    },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { ...ONE_WORKER, service_envelope: "kserve" },
  });

  await t.step("instances are rows, whatever the content type", async () => {
    const body = { instances: [[1, 2, 3, 4], { data: [5, 6, 7, 8] }, { x: [1, 0, 0, 0] }] };
    for (const type of [undefined, "application/json", "text/plain", "application/octet-stream"]) {
      const headers: Record<string, string> = type === undefined ? {} : { "content-type": type };
      const { status, json } = await ask(marina, "/v1/models/weigh:predict", body, headers);
      deepStrictEqual([status, json], [200, { predictions: [[4321], [8765], [1]] }]);
    }
  });

  await t.step("the envelope holds on /predictions, too", async () => {
    const { json } = await ask(marina, "/predictions/weigh", { instances: [[1, 2, 3, 4]] });
    deepStrictEqual(json, { predictions: [[4321]] });
  });

  await t.step(":explain answers explanations and tells the handler (§1.4)", async () => {
    const { json } = await ask(marina, "/v1/models/rows:explain", { instances: [1, "a"] });
    deepStrictEqual(json, {
      explanations: [{ row: 1, explain: "True", path: null }, {
        row: "a",
        explain: "True",
        path: null,
      }],
    });
  });

  await t.step("requests of one batch get each its own predictions", async () => {
    const asked = Array.from({ length: 12 }, (_, i) => {
      const instances = Array.from({ length: 1 + i % 3 }, (_, row) => [i, row, 0, 0]);
      return ask(marina, "/v1/models/together:predict", { instances });
    });
    for (const [i, { status, json }] of (await Promise.all(asked)).entries()) {
      const predictions = Array.from({ length: 1 + i % 3 }, (_, row) => [i + 10 * row]);
      deepStrictEqual([status, json], [200, { predictions }]);
    }
  });

  await t.step("a request that does not fit is 400 and says why, twice", async () => {
    const cases = [
      ["{", "Cannot read the request: expected a JSON object, found a body that is not JSON"],
      ["", "Cannot read the request: expected a JSON object, found nothing"],
      ["[1]", "Cannot read the request: expected a JSON object, found an array"],
      [
        "{}",
        'Cannot read the request: "instances" must be an array of at least one element, found nothing',
      ],
      [
        '{"instances": []}',
        'Cannot read the request: "instances" must be an array of at least one element, found an empty array',
      ],
      [
        '{"instances": [1, null]}',
        'Cannot read the request: "instances" must hold values, found null at 1',
      ],
    ] as const;
    for (const [body, message] of cases) {
      const { status, json } = await ask(marina, "/v1/models/weigh:predict", body);
      deepStrictEqual([status, json], [400, {
        code: 400,
        type: "BadRequestException",
        message,
        error: message,
      }]);
    }
  });

  await t.step("what the handler refuses of one instance refuses its request", async () => {
    const body = { instances: [[1, 2, 3, 4], [1, 2]] };
    const { status, json } = await ask(marina, "/v1/models/weigh:predict", body);
    strictEqual(status, 400);
    match((json as { error: string }).error, /^Cannot build input "x": expected float32 /);
  });

  await t.step("errors of the server say it under error, too", async () => {
    const { status, json } = await ask(marina, "/v1/models/none:predict", {});
    const message = "Model not found: none";
    deepStrictEqual([status, json], [404, {
      code: 404,
      type: "ModelNotFoundException",
      message,
      error: message,
    }]);
  });
});

Deno.test("service_envelope=kservev2 answers KServe's V2 (§1.4, §2 service_envelope, T5)", async (t) => {
  await using store = await createModelStore({
    weigh: WEIGH,
    ids: INT64,
    rows: { handler: ROWS_HANDLER },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { ...ONE_WORKER, service_envelope: "kservev2" },
  });
  const tensor = (over: Record<string, unknown> = {}) => ({
    name: "input-0",
    shape: [2, 4],
    datatype: "FP32",
    data: [1, 2, 3, 4, 5, 6, 7, 8],
    ...over,
  });

  await t.step("inputs flat or nested are answered by outputs of their names", async () => {
    for (const data of [tensor().data, [[1, 2, 3, 4], [5, 6, 7, 8]]]) {
      const body = { id: "mine", inputs: [tensor({ data })] };
      const { status, json } = await ask(marina, "/v2/models/weigh/infer", body);
      deepStrictEqual([status, json], [200, {
        id: "mine",
        model_name: "weigh",
        model_version: "1.0",
        outputs: [{ name: "input-0", datatype: "FP64", data: [4321, 8765], shape: [2] }],
      }]);
    }
  });

  await t.step("without an id the answer has the request's own", async () => {
    const bytes = JSON.stringify({ inputs: [tensor()] });
    const response = await fetch(`${marina.inferenceUrl}/v2/models/weigh/infer`, {
      method: "POST",
      body: bytes,
    });
    const { id } = await response.json();
    strictEqual(id, response.headers.get("x-request-id"));
    strictEqual(response.headers.get("content-type"), "application/json");
  });

  await t.step("INT64 beyond 2^53 survives both ways", async () => {
    const body = '{"inputs": [{"name": "x", "shape": [1, 3], "datatype": "INT64", ' +
      '"data": [9007199254740993, -9223372036854775808, 3]}]}';
    const { status, text } = await ask(marina, "/v2/models/ids/infer", body);
    strictEqual(status, 200, text);
    match(text.replace(/\s/g, ""), /"data":\[9007199254740993,-9223372036854775808,3\]/);
    match(text, /"datatype": "INT64"/);
  });

  await t.step("tensors may follow the JSON as bytes, as Triton's clients send them", async () => {
    const binaryTensor = tensor({ data: undefined, parameters: { binary_data_size: 32 } });
    const head = JSON.stringify({
      inputs: [binaryTensor],
      parameters: { binary_data_output: true },
    });
    const floats = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8);
    const infer = async (jsonLength: number, tail: Uint8Array<ArrayBuffer>) => {
      const response = await fetch(`${marina.inferenceUrl}/v2/models/weigh/infer`, {
        method: "POST",
        headers: {
          "content-type": "application/octet-stream",
          "Inference-Header-Content-Length": String(jsonLength),
        },
        body: new Blob([head, tail]),
      });
      return [response.status, await response.json()] as const;
    };
    const whole = new Uint8Array(floats.buffer);
    const [status, { outputs }] = await infer(head.length, whole);
    deepStrictEqual([status, outputs], [200, [
      { name: "input-0", datatype: "FP64", data: [4321, 8765], shape: [2] },
    ]]);
    const refusals = [
      [head.length, whole.slice(4), '"binary_data_size" must be at most the 28 bytes'],
      [head.length, Uint8Array.of(...whole, 0), "1 bytes after the last tensor belong to none"],
      [9_999, whole, "must be the length of the body's JSON"],
      [head.length - 1, whole, "found a body that is not JSON"],
    ] as const;
    for (const [length, tail, reason] of refusals) {
      const [code, { error }] = await infer(length, tail);
      deepStrictEqual([code, error.includes(reason)], [400, true], error);
    }
  });

  await t.step("BYTES is its first element, and the handler gets the tensor", async () => {
    const body = { inputs: [{ name: "text", shape: [1], datatype: "BYTES", data: ["hello"] }] };
    const { json } = await ask(marina, "/v2/models/rows/infer", body);
    deepStrictEqual((json as { outputs: unknown[] }).outputs, [{
      name: "text",
      datatype: "BYTES",
      data: [{
        row: { name: "text", shape: [1], datatype: "BYTES", data: "hello" },
        explain: "False",
        path: null,
      }],
      shape: [1],
    }]);
  });

  await t.step("/explain asks for an explanation (§1.4)", async () => {
    const { text } = await ask(marina, "/v2/models/rows/explain", { inputs: [tensor()] });
    match(text, /"explain": "True"/);
  });

  await t.step("a tensor that does not fit is 400 and named", async () => {
    const cases = [
      [{ shape: [1, 4] }, '"data" must hold the 4 elements of shape [1,4], found 8'],
      [{ shape: 8 }, '"shape" must be an array of at most 32 whole numbers, found a number'],
      [{ shape: [2, -4] }, '"shape" must be an array of at most 32 whole numbers, found an array'],
      [{ data: undefined }, '"data" must be an array, found nothing'],
      [
        { datatype: "INT64", data: [1, 2, 3, 4, 5, 6, 7, 0.5] },
        '"data" of INT64 must hold integers, found a number at 7',
      ],
      [{ data: [1, 2, 3, 4, 5, 6, 7, null] }, '"data" of FP32 must hold numbers, found null at 7'],
    ] as const;
    for (const [over, reason] of cases) {
      const { status, json } = await ask(marina, "/v2/models/weigh/infer", {
        inputs: [tensor(over)],
      });
      deepStrictEqual(
        [status, (json as { error: string }).error],
        [400, `Cannot read tensor "input-0": ${reason}`],
      );
    }
    const { json } = await ask(marina, "/v2/models/weigh/infer", {
      inputs: [tensor({ datatype: "FLOAT" })],
    });
    match(
      (json as { error: string }).error,
      /^Cannot read tensor "input-0": "datatype" must be one of BOOL, .* found "FLOAT"$/,
    );
  });
});

Deno.test("the envelopes json and body unwrap as TorchServe's do (§2 service_envelope)", async (t) => {
  await using store = await createModelStore({ plain: { handler: ROWS_HANDLER } });
  for (const envelope of ["json", "body"]) await addFolder(store.dir, envelope);
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: ONE_WORKER,
  });

  await t.step("json: b64 is bytes, as an instance and as a column of one", async () => {
    const { json } = await ask(marina, "/predictions/json", {
      instances: [{ b64: "AQI=" }, { image: { b64: "Aw==" }, size: 2 }, 7],
    });
    deepStrictEqual(json, {
      predictions: [
        "bytes 1,2",
        { row: { image: [3], size: 2 }, explain: "False", path: "" },
        { row: 7, explain: "False", path: "" },
      ],
    });
  });

  await t.step("json: what is no base64 is 400", async () => {
    const { status, json } = await ask(marina, "/predictions/json", { instances: [{ b64: "?" }] });
    deepStrictEqual(
      [status, (json as { message: string }).message],
      [400, 'Cannot read the request: "b64" of instance 0 must be base64, found other text'],
    );
  });

  await t.step("body: the handler gets the body itself, and answers as it is", async () => {
    const { json } = await ask(marina, "/predictions/body", { data: [1] }, {
      "content-type": "application/json",
    });
    deepStrictEqual(json, { row: { data: [1] }, explain: "False", path: "" });
  });

  await t.step("a model without an envelope gets its body as ever", async () => {
    const { json } = await ask(marina, "/v1/models/plain:predict", { instances: [1] }, {
      "content-type": "application/json",
    });
    deepStrictEqual(json, { row: { body: { instances: [1] } }, explain: "False", path: null });
  });
});
