import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { Context, type ModelContext, type ModelSession, PredictionException } from "marina";

function createModel(given: Partial<ModelContext> = {}): ModelContext {
  return {
    modelName: "m",
    modelVersion: "1.0",
    manifest: { model: { serializedFile: "model.onnx" } },
    modelYamlConfig: {},
    systemProperties: {
      modelDir: "/models/m",
      gpuId: null,
      batchSize: 1,
      serverName: "Marina",
      serverVersion: "0.1.0",
      limitMaxImagePixels: true,
    },
    openModel: (file) => Promise.resolve({ inputs: [{ name: file }] } as unknown as ModelSession),
    ...given,
  };
}

const TWO = [
  { requestId: "a", headers: ["Content-Type", "image/png", "X-A", "1", "x-a", "2"] },
  { requestId: "b", headers: ["ts_request_sequence_id", "s7"] },
];

Deno.test("Context.getRequestHeader() finds a header whatever its case, and joins repeated ones", () => {
  const context = new Context(createModel(), TWO);
  strictEqual(context.getRequestHeader(0, "content-TYPE"), "image/png");
  strictEqual(context.getRequestHeader(0, "x-a"), "1, 2");
  strictEqual(context.getRequestHeader(1, "content-type"), null);
  strictEqual(context.getSequenceId(1), "s7");
  strictEqual(context.getSequenceId(0), null);
  deepStrictEqual([...context.getAllRequestHeader(0)], [["content-type", "image/png"], [
    "x-a",
    "1, 2",
  ]]);
});

Deno.test("Context tells the batch's requests and refuses one it does not hold", () => {
  const context = new Context(createModel(), TWO);
  deepStrictEqual([context.requestIds, context.requestCount, context.requestKind], [
    ["a", "b"],
    2,
    "predict",
  ]);
  strictEqual(context.getRequestId(), "a");
  throws(() => context.getRequestId(2), {
    name: "RangeError",
    message: "Cannot use request 2: the batch holds 2, counted from 0",
  });
});

Deno.test("Context keeps each answer's status and headers apart", () => {
  const context = new Context(createModel(), TWO);
  context.setResponseStatus(201, "Made", 1);
  context.setResponseContentType(1, "text/csv");
  context.setResponseHeader(1, "X-Rows", "3");
  deepStrictEqual(context.getResponseStatus(0), { code: 200, phrase: "" });
  deepStrictEqual(context.getResponseStatus(1), { code: 201, phrase: "Made" });
  strictEqual(context.getResponseContentType(0), null);
  deepStrictEqual([...context.getResponseHeaders(1)], [["content-type", "text/csv"], [
    "x-rows",
    "3",
  ]]);
  context.setAllResponseStatus(507);
  deepStrictEqual([0, 1].map((idx) => context.getResponseStatus(idx).code), [507, 507]);
});

Deno.test.each([
  { key: "x-a", value: "1\r\nset-cookie: a=b" },
  { key: "x a", value: "1" },
  { key: "", value: "1" },
  { key: "x-a", value: "\u20ac" },
])("Context.setResponseHeader() refuses $key with $value", ({ key, value }) => {
  throws(() => new Context(createModel(), TWO).setResponseHeader(0, key, value), TypeError);
});

Deno.test.each([{ code: 199 }, { code: 600 }, { code: 404.5 }, { code: NaN }])(
  "Context.setResponseStatus() and PredictionException refuse status $code",
  ({ code }) => {
    throws(() => new Context(createModel(), TWO).setResponseStatus(code), RangeError);
    throws(() => new PredictionException("no", code), RangeError);
  },
);

Deno.test("Context.rejectRequest() sets one answer's status and body, and takes its content type back", () => {
  const context = new Context(createModel(), TWO);
  strictEqual(context.rejections, null);
  context.setResponseContentType(1, "image/png");
  context.rejectRequest(1, new PredictionException("Too small", 400));
  strictEqual(context.getResponseContentType(1), null);
  deepStrictEqual([0, 1].map((idx) => context.getResponseStatus(idx).code), [200, 400]);
  deepStrictEqual(context.rejections!.get(1)!.body, {
    code: 400,
    type: "BadRequestException",
    message: "Too small",
  });
});

Deno.test("Context.openModel() opens the manifest's model unless told another", async () => {
  const context = new Context(createModel());
  strictEqual((await context.openModel()).inputs[0]!.name, "model.onnx");
  strictEqual((await context.openModel("parts/second.onnx")).inputs[0]!.name, "parts/second.onnx");
  await rejects(new Context(createModel({ manifest: null })).openModel(), {
    message: 'Cannot open the model of "m": its archive names no serialized file',
  });
});

Deno.test.each([
  { file: "../other/model.onnx" },
  { file: "a/../../model.onnx" },
  { file: "a\\..\\..\\model.onnx" },
  { file: "/etc/passwd" },
  { file: "C:\\model.onnx" },
  { file: "model.onnx\0.txt" },
])("Context.openModel() refuses $file, which leaves the model folder", async ({ file }) => {
  await rejects(new Context(createModel()).openModel(file), {
    name: "TypeError",
    message: `Cannot open model file ${
      JSON.stringify(file)
    }: expected a path inside the model folder`,
  });
});

Deno.test("Context.sendIntermediate() hands one chunk a request on, where the call takes them", async () => {
  const sent: unknown[] = [];
  const model = createModel({ sendIntermediate: (results) => void sent.push(results) });
  await new Context(model, TWO).sendIntermediate(["x", "y"]);
  deepStrictEqual(sent, [["x", "y"]]);
  await rejects(new Context(model, TWO).sendIntermediate(["x"]), /expected 2 elements, found 1/);
  await rejects(new Context(createModel(), TWO).sendIntermediate(["x", "y"]), /one whole answer/);
});
