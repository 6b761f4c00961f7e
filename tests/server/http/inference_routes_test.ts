/** Which prediction each path asks for, in process. */
import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { ServeError } from "../../../server/errors.ts";
import { createFakeInferenceApp, createRecorder } from "./_fake_models.ts";

const HOST = "http://127.0.0.1:8080";

interface RouteRow {
  readonly path: string;
  readonly name: string;
  readonly version?: string;
  readonly kind?: "predict" | "explain";
}

const ROUTES: readonly RouteRow[] = [
  { path: "/v1/models/m:predict", name: "m" },
  { path: "/v1/models/m:explain", name: "m", kind: "explain" },
  { path: "/v1/models/m%3Apredict/", name: "m" },
  { path: "/v1%2Fmodels%2Fm:predict", name: "m" },
  { path: "/v1/models/m:predict?x=1", name: "m" },
  { path: "/v1/models/m:raw:predict", name: "m" },
  { path: "/v2/models/m/infer", name: "m" },
  { path: "/v2/models/m/explain", name: "m", kind: "explain" },
  { path: "/models/m/invoke", name: "m" },
  { path: "/endpoints/m/invocations", name: "m" },
  { path: "/invocations?model_name=m", name: "m" },
  { path: "/invocations?x=1;model_name=m&model_name=n", name: "m" },
  { path: "/m/predict", name: "m" },
  { path: "/m/1.0/predict", name: "m", version: "1.0" },
  { path: "/m%2F1.0%2Fpredict", name: "m", version: "1.0" },
  { path: "/ping/predict", name: "ping" },
  { path: "/v1/predict", name: "v1" },
  { path: "/v2/models/predict", name: "v2", version: "models" },
];

Deno.test.each(ROUTES)(
  "POST $path asks for $name (§1.4, T40)",
  async ({ path, name, version, kind = "predict" }) => {
    const { calls, predict } = createRecorder();
    const request = new Request(HOST + path, { method: "POST", body: "x" });
    strictEqual((await createFakeInferenceApp({ predict })(request)).status, 200);
    const [call] = calls;
    deepStrictEqual(
      [call!.modelName, call!.modelVersion, call!.kind, call!.urlPath],
      [name, version, kind, undefined],
    );
  },
);

Deno.test.each(["GET", "POST", "PUT", "DELETE", "PATCH"])(
  "%s predicts on every path: the method is not looked at (§1.4, T28)",
  async (method) => {
    for (const path of ["/v1/models/m:predict", "/v2/models/m/infer", "/m/predict"]) {
      const { calls, predict } = createRecorder();
      await createFakeInferenceApp({ predict })(new Request(HOST + path, { method }));
      strictEqual(calls.length, 1, path);
    }
  },
);

Deno.test.each([
  "/v1/models/m",
  "/v1/models/m:",
  "/v1/models",
  "/v1/models/m:predict/more",
  "/v2",
  "/v2/health/live",
  "/v2/health/ready",
  "/v2/models/m",
  "/v2/models/m/ready",
  "/v2/models/m/infer/more",
  "/v2/models/m/versions/1/infer",
  "/V2/models/m/infer",
  "/models/m",
  "/models/m/1.0",
  "/models/m/1.0/invoke",
  "/invocations/m",
  "/endpoints/m",
  "/endpoints/m/invocations/more",
  "/predict",
  "/a/b/c/predict",
])("POST %s answers 404 for the resource (§1.4, T36)", async (path) => {
  const { calls, predict } = createRecorder();
  const request = new Request(HOST + path, { method: "POST", body: "x" });
  const response = await createFakeInferenceApp({ predict })(request);
  deepStrictEqual([response.status, calls.length], [404, 0]);
  strictEqual((await response.json()).type, "ResourceNotFoundException");
});

Deno.test.each([
  "/invocations",
  "/models/m/invoke",
  "/endpoints/m/invocations",
  "/m/predict",
  "/m/1.0/predict",
])("%s has the query's parameters as inputs, the body last (§1.4, T27)", async (path) => {
  const { calls, predict } = createRecorder();
  const request = new Request(`${HOST}${path}?a=1&b=x%20y+z;a=2&=lost&model_name=q&body=q`, {
    method: "POST",
    body: Uint8Array.of(7),
  });
  await createFakeInferenceApp({ predict })(request);
  const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  deepStrictEqual(
    calls[0]!.parts.map(({ name, contentType, bytes }) => [name, contentType, text(bytes)]),
    [
      ["a", "", "1"],
      ["b", "", "x y z"],
      ["a", "", "2"],
      ["model_name", "", "q"],
      ["body", "", "q"],
      ["body", "", "\x07"],
    ],
  );
});

Deno.test.each([
  "/predictions/m",
  "/explanations/m",
  "/v1/models/m:predict",
  "/v2/models/m/infer",
])("%s has no inputs of the query (T27)", async (path) => {
  const { calls, predict } = createRecorder();
  const request = new Request(`${HOST}${path}?a=1&model_name=q`, { method: "POST", body: "x" });
  await createFakeInferenceApp({ predict })(request);
  deepStrictEqual(calls[0]!.parts.map(({ name }) => name), ["body"]);
  strictEqual(calls[0]!.modelName, "m");
});

Deno.test("/invocations asks the query's model, else the one startup model, else a form's, else it is 400 (§1.4, T27)", async () => {
  const ask = async (query: string, startup: string | undefined, body: BodyInit) => {
    const { calls, predict } = createRecorder();
    const app = createFakeInferenceApp({ predict, findStartupModel: () => startup });
    const response = await app(
      new Request(`${HOST}/invocations${query}`, { method: "POST", body }),
    );
    return { asked: calls[0]?.modelName, response };
  };
  const form = new FormData();
  form.set("model_name", "ignored");
  form.append("model_name", "of_form");
  const encoded = new URLSearchParams({ model_name: "of form", data: "1" });

  strictEqual((await ask("?model_name=of_query", "startup", form)).asked, "of_query");
  strictEqual((await ask("", "startup", form)).asked, "startup");
  strictEqual((await ask("?model_name=", "startup", form)).asked, "startup");
  strictEqual((await ask("", undefined, form)).asked, "of_form");
  strictEqual((await ask("", undefined, encoded)).asked, "of form");
  const { response } = await ask("", undefined, '{"model_name": "of_json"}');
  deepStrictEqual([response.status, await response.json()], [400, {
    code: 400,
    type: "BadRequestException",
    message: "Parameter model_name is required.",
  }]);
});

Deno.test("OPTIONS of any prediction path describes its model (§1.4)", async () => {
  const asked: unknown[] = [];
  const app = createFakeInferenceApp({
    findStartupModel: () => "m",
    describe: (name, version) => {
      asked.push([name, version]);
      return [];
    },
  });
  for (const path of ["/v1/models/m:predict", "/invocations", "/m/1.0/predict"]) {
    const response = await app(new Request(HOST + path, { method: "OPTIONS" }));
    strictEqual(response.status, 200);
    match((await response.json()).openapi, /^3\./);
  }
  deepStrictEqual(asked, [["m", undefined], ["m", undefined], ["m", "1.0"]]);
});

Deno.test("KServe's paths say a failure under error, too; the other paths do not", async () => {
  const predict = () =>
    Promise.reject(new ServeError("model_busy", "No worker", { cause: new Error("secret") }));
  const app = createFakeInferenceApp({ predict });
  const ask = (path: string) => app(new Request(HOST + path, { method: "POST", body: "x" }));
  for (const path of ["/v1/models/m:predict", "/v2/models/m/infer"]) {
    const response = await ask(path);
    deepStrictEqual([response.status, response.headers.get("retry-after")], [503, "1"]);
    strictEqual(response.headers.get("content-type"), "application/json");
    deepStrictEqual(await response.json(), {
      code: 503,
      type: "ServiceUnavailableException",
      message: "No worker",
      error: "No worker",
    });
  }
  strictEqual("error" in await (await ask("/m/predict")).json(), false);
});

Deno.test("KServe's paths refuse a body that is too large as every path does (T25)", async () => {
  const app = createFakeInferenceApp({}, { maxBodyBytes: 1 });
  const body = "xx";
  const request = new Request(`${HOST}/v2/models/m/infer`, { method: "POST", body });
  const response = await app(request);
  deepStrictEqual([response.status, await response.text()], [413, ""]);
});
