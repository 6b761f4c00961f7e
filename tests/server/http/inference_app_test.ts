import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { ServeError } from "../../../server/errors.ts";
import { createAnswer, createFakeInferenceApp, createRecorder } from "./_fake_models.ts";

const HOST = "http://127.0.0.1:8080";
const UUID_REGEXP = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
const RESOURCE_NOT_FOUND = `{
  "code": 404,
  "type": "ResourceNotFoundException",
  "message": "Requested resource is not found, please refer to API document."
}
`;

Deno.test("GET /ping answers 200 Healthy in framework JSON under the fixed headers", async () => {
  const response = await createFakeInferenceApp({})(new Request(`${HOST}/ping`));
  strictEqual(response.status, 200);
  strictEqual(await response.text(), '{\n  "status": "Healthy"\n}\n');
  const headers = Object.fromEntries(response.headers);
  match(headers["x-request-id"]!, UUID_REGEXP);
  deepStrictEqual({ ...headers, "x-request-id": "" }, {
    "content-type": "application/json",
    "x-request-id": "",
    "pragma": "no-cache",
    "cache-control": "no-cache; no-store, must-revalidate, private",
    "expires": "Thu, 01 Jan 1970 00:00:00 UTC",
  });
});

Deno.test("GET /ping answers 500 Unhealthy, in the same form, when the models are not", async () => {
  const response = await createFakeInferenceApp({}, { isHealthy: false })(
    new Request(`${HOST}/ping`),
  );
  strictEqual(response.status, 500);
  strictEqual(response.headers.get("connection"), "close");
  strictEqual(await response.text(), '{\n  "status": "Unhealthy"\n}\n');
});

Deno.test.each([
  { path: "/predictions/mnist", name: "mnist", version: undefined, urlPath: "" },
  { path: "/predictions/mnist/", name: "mnist", version: undefined, urlPath: "" },
  { path: "/predictions/mnist///", name: "mnist", version: undefined, urlPath: "" },
  { path: "/predictions/mnist/1.0", name: "mnist", version: "1.0", urlPath: "" },
  { path: "/predictions/mnist/1.0?x=/y", name: "mnist", version: "1.0", urlPath: "" },
  { path: "/predictions/mnist/1.0/a/b%20c/", name: "mnist", version: "1.0", urlPath: "a/b c" },
  { path: "/predictions/mnist/1.0/a//b", name: "mnist", version: "1.0", urlPath: "a//b" },
  { path: "/predictions%2Fmnist%2f1.0", name: "mnist", version: "1.0", urlPath: "" },
  { path: "/%70redictions/m%C3%A9", name: "mé", version: undefined, urlPath: "" },
  { path: "/predictions/a%252Fb", name: "a%2Fb", version: undefined, urlPath: "" },
])("POST $path predicts with $name, version $version and url_path '$urlPath'", async (row) => {
  const { calls, predict } = createRecorder();
  const request = new Request(HOST + row.path, { method: "POST", body: "x" });
  const response = await createFakeInferenceApp({ predict })(request);
  strictEqual(response.status, 200);
  const { modelName, modelVersion, urlPath, kind } = calls[0]!;
  deepStrictEqual(
    { modelName, modelVersion, urlPath, kind },
    { modelName: row.name, modelVersion: row.version, urlPath: row.urlPath, kind: "predict" },
  );
});

Deno.test("POST /explanations/{model}/{version} asks for an explanation", async () => {
  const { calls, predict } = createRecorder();
  const request = new Request(`${HOST}/explanations/mnist/2.0`, { method: "POST", body: "x" });
  strictEqual((await createFakeInferenceApp({ predict })(request)).status, 200);
  deepStrictEqual([calls[0]!.kind, calls[0]!.modelVersion], ["explain", "2.0"]);
});

Deno.test.each(["GET", "POST", "PUT", "DELETE", "PATCH"])(
  "%s /predictions/{model} predicts: the method is not looked at",
  async (method) => {
    const { calls, predict } = createRecorder();
    const request = new Request(`${HOST}/predictions/mnist`, { method });
    strictEqual((await createFakeInferenceApp({ predict })(request)).status, 200);
    strictEqual(calls.length, 1);
    strictEqual(calls[0]!.parts[0]!.bytes.length, 0);
  },
);

Deno.test.each([
  "/nothing",
  "/ping/more",
  "//ping",
  "/predictions",
  "/predictions/",
  "//predictions/mnist",
  "/Predictions/mnist",
  "/explanations",
  "/models",
])("GET %s answers 404 for the resource", async (path) => {
  const response = await createFakeInferenceApp({})(new Request(HOST + path));
  strictEqual(response.status, 404);
  strictEqual(await response.text(), RESOURCE_NOT_FOUND);
});

Deno.test("GET /predictions/x//y answers 404 for the version named by nothing", async () => {
  const app = createFakeInferenceApp({ describe: () => [] });
  const response = await app(new Request(`${HOST}/predictions/x//y`));
  strictEqual(response.status, 404);
  deepStrictEqual(await response.json(), {
    code: 404,
    type: "ModelVersionNotFoundException",
    message: "Model version:  does not exist for model: x",
  });
});

Deno.test.each(["/predictions/%", "/predictions/%zz", "/predictions/%ff", "/ping%"])(
  "GET %s answers 400, as its path cannot be decoded",
  async (path) => {
    const response = await createFakeInferenceApp({})(new Request(HOST + path));
    strictEqual(response.status, 400);
    deepStrictEqual(await response.json(), {
      code: 400,
      type: "BadRequestException",
      message: "Invalid HTTP message.",
    });
  },
);

Deno.test("createInferenceApp() hands on the bytes, content type and headers as they came", async () => {
  const { calls, predict } = createRecorder();
  const request = new Request(`${HOST}/predictions/mnist`, {
    method: "POST",
    body: Uint8Array.of(0, 255, 123, 10),
    headers: { "Content-Type": "application/json; charset=utf-8", "X-Request-Id": "mine" },
  });
  await createFakeInferenceApp({ predict })(request);
  const call = calls[0]!;
  deepStrictEqual(call.parts, [{
    name: "body",
    contentType: "application/json; charset=utf-8",
    bytes: Uint8Array.of(0, 255, 123, 10),
    isForm: false,
  }]);
  deepStrictEqual(call.headers, [
    "content-type",
    "application/json; charset=utf-8",
    "x-request-id",
    "mine",
  ]);
  strictEqual(call.signal.aborted, false);
});

Deno.test.each([
  { contentType: "multipart/form-data; boundary=b", isForm: true },
  { contentType: "Multipart/Form-Data;boundary=b", isForm: true },
  { contentType: "application/x-www-form-urlencoded", isForm: true },
  { contentType: "multipart/mixed; boundary=b", isForm: false },
  { contentType: "text/plain", isForm: false },
  { contentType: "", isForm: false },
])("createInferenceApp() marks a body of type '$contentType' as a form: $isForm", async (row) => {
  const { calls, predict } = createRecorder();
  const headers = new Headers();
  if (row.contentType !== "") headers.set("content-type", row.contentType);
  const body = Uint8Array.of(1);
  const request = new Request(`${HOST}/predictions/m`, { method: "POST", body, headers });
  await createFakeInferenceApp({ predict })(request);
  strictEqual(calls[0]!.parts[0]!.isForm, row.isForm);
});

Deno.test("createInferenceApp() gives each request an id of its own, the client's never", async () => {
  const { calls, predict } = createRecorder();
  const app = createFakeInferenceApp({ predict });
  const init = { method: "POST", body: "x", headers: { "x-request-id": "mine" } };
  const first = await app(new Request(`${HOST}/predictions/m`, init));
  const second = await app(new Request(`${HOST}/predictions/m`, init));
  strictEqual(first.headers.get("x-request-id"), calls[0]!.requestId);
  strictEqual(second.headers.get("x-request-id"), calls[1]!.requestId);
  match(calls[0]!.requestId, UUID_REGEXP);
  strictEqual(calls[0]!.requestId === calls[1]!.requestId, false);
});

Deno.test("createInferenceApp() sends the handler's headers, but for those that frame the message", async () => {
  const app = createFakeInferenceApp({
    predict: () =>
      Promise.resolve(createAnswer("hi", {
        status: 418,
        headers: [
          ...["content-type", "text/css", "Set-Cookie", "a=1", "set-cookie", "b=2"],
          ...["Content-Length", "9", "X-Request-Id", "x", "Pragma", "x", "Transfer-Encoding", "x"],
        ],
      })),
  });
  const response = await app(new Request(`${HOST}/predictions/m`));
  strictEqual(response.status, 418);
  deepStrictEqual([...response.headers].filter(([name]) => name !== "x-request-id"), [
    ["cache-control", "no-cache; no-store, must-revalidate, private"],
    ["connection", "close"],
    ["content-type", "text/css"],
    ["expires", "Thu, 01 Jan 1970 00:00:00 UTC"],
    ["pragma", "no-cache"],
    ["set-cookie", "a=1"],
    ["set-cookie", "b=2"],
  ]);
  match(response.headers.get("x-request-id")!, UUID_REGEXP);
  strictEqual(await response.text(), "hi");
});

Deno.test("createInferenceApp() sends a stream's chunks as the handler makes them", async () => {
  const body = ReadableStream.from(["one", "two"].map((text) => new TextEncoder().encode(text)));
  const app = createFakeInferenceApp({
    predict: () => Promise.resolve(createAnswer("", { body })),
  });
  const response = await app(new Request(`${HOST}/predictions/m`));
  strictEqual(await response.text(), "onetwo");
});

Deno.test("createInferenceApp() sends a handler's 204 without a body", async () => {
  const app = createFakeInferenceApp({
    predict: () => Promise.resolve(createAnswer("lost", { status: 204 })),
  });
  const response = await app(new Request(`${HOST}/predictions/m`));
  deepStrictEqual([response.status, await response.text()], [204, ""]);
});

Deno.test("createInferenceApp() tells clients a fixed sentence of a stranger's error, and the log all", async () => {
  const failures: { error: unknown; requestId: string }[] = [];
  const secret = new TypeError("/home/secret is not a function");
  const app = createFakeInferenceApp({ predict: () => Promise.reject(secret) }, { failures });
  const response = await app(new Request(`${HOST}/predictions/m`));
  deepStrictEqual(await response.json(), {
    code: 500,
    type: "InternalServerException",
    message: "Cannot answer the request: the server failed, its log says why",
  });
  deepStrictEqual(failures, [
    { error: secret, requestId: response.headers.get("x-request-id") },
  ]);
});

Deno.test("createInferenceApp() keeps a failure's cause for the log", async () => {
  const failures: { error: unknown; requestId: string }[] = [];
  const error = new ServeError("worker_died", "Worker died.", { cause: new Error("secret") });
  const app = createFakeInferenceApp({ predict: () => Promise.reject(error) }, { failures });
  const response = await app(new Request(`${HOST}/predictions/m`));
  strictEqual((await response.text()).includes("secret"), false);
  strictEqual(failures[0]!.error, error);
});
