/** The Open Inference Protocol's health and metadata, in process. */
import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ServeError } from "../../../server/errors.ts";
import type { ModelService } from "../../../server/http/mod.ts";
import { createFakeInferenceApp, createRecorder } from "./_fake_models.ts";

const HOST = "http://127.0.0.1:8080";

const MODELS: Partial<ModelService> = {
  describe: (name) => {
    if (name !== "m") throw new ServeError("model_not_found", `Model not found: ${name}`);
    return [{ modelVersion: "1.0" }, { modelVersion: "2.0" }] as unknown as ReturnType<
      ModelService["describe"]
    >;
  },
  describeCustomized: () =>
    Promise.resolve({
      inputs: [
        { name: "x", dtype: "float32", shape: ["N", 3, "", 28] },
        { name: "ids", dtype: "int64", shape: [1] },
        "no tensor",
        null,
        { name: "y", dtype: "complex64", shape: [1] },
      ],
      outputs: [{ name: "text", dtype: "string", shape: ["N"] }],
    }),
  isReady: (name) => {
    if (name === "busy") return false;
    if (name === "m") return true;
    throw new ServeError("model_not_found", `Model not found: ${name}`);
  },
};

async function ask(path: string, isHealthy = true, method = "GET") {
  const app = createFakeInferenceApp(MODELS, { isHealthy, openInferenceVersion: "1.2.3" });
  const response = await app(new Request(HOST + path, { method }));
  strictEqual(response.headers.get("content-type"), "application/json");
  return [response.status, await response.json()];
}

Deno.test("/v2 tells name and version, with TorchServe's misspelt extenstion (§1.4, T36)", async () => {
  deepStrictEqual(await ask("/v2"), [200, {
    name: "Marina",
    version: "1.2.3",
    extenstion: ["kserve", "kubeflow"],
    extensions: [],
  }]);
  deepStrictEqual((await ask("/v2/", true, "POST"))[0], 200);
});

Deno.test("/v2/health/live and /v2/health/ready answer live and ready, ready as /ping does (§1.4)", async () => {
  deepStrictEqual(await ask("/v2/health/live"), [200, { live: true }]);
  deepStrictEqual(await ask("/v2/health/ready"), [200, { ready: true }]);
  deepStrictEqual(await ask("/v2/health/live", false), [200, { live: true }]);
  deepStrictEqual(await ask("/v2/health/ready", false), [503, { ready: false }]);
});

Deno.test("/v2/models/{m} tells the inputs and outputs that the handler describes (T36)", async () => {
  deepStrictEqual(await ask("/v2/models/m"), [200, {
    name: "m",
    versions: ["1.0", "2.0"],
    platform: "onnxruntime_onnx",
    inputs: [
      { name: "x", datatype: "FP32", shape: [-1, 3, -1, 28] },
      { name: "ids", datatype: "INT64", shape: [1] },
    ],
    outputs: [{ name: "text", datatype: "BYTES", shape: [-1] }],
  }]);
});

Deno.test("/v2/models/{m}/ready tells whether a worker can answer (T36)", async () => {
  deepStrictEqual(await ask("/v2/models/m/ready"), [200, { name: "m", ready: true }]);
  deepStrictEqual(await ask("/v2/models/busy/ready"), [503, { name: "busy", ready: false }]);
});

Deno.test("/v2/models/{m} and /ready answer 404 for a model that is not there, under error, too", async () => {
  const message = "Model not found: none";
  const refusal = [404, { code: 404, type: "ModelNotFoundException", message, error: message }];
  deepStrictEqual(await ask("/v2/models/none"), refusal);
  deepStrictEqual(await ask("/v2/models/none/ready"), refusal);
});

Deno.test.each([
  "/v2/models/m/versions/1",
  "/v2/models/m/versions/1/infer",
  "/v2/models/m/versions/1/ready",
])("%s answers 501: versions are not in these paths (§1.4)", async (path) => {
  deepStrictEqual(await ask(path, true, "POST"), [501, {
    error: "Model versioning is not yet supported.",
  }]);
});

Deno.test("/v2/models/{m}/infer predicts with the protocol switched on, too (§1.4)", async () => {
  const { calls, predict } = createRecorder();
  const app = createFakeInferenceApp({ predict }, { openInferenceVersion: "1.2.3" });
  await app(new Request(`${HOST}/v2/models/m/infer`, { method: "POST", body: "x" }));
  strictEqual(calls[0]!.modelName, "m");
});
