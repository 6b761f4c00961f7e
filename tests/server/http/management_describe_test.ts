import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { ServeError, type ServeErrorCode } from "../../../server/errors.ts";
import type { ModelService } from "../../../server/http/mod.ts";
import type { ModelDescription } from "../../../server/models/mod.ts";
import { send } from "./_management_call.ts";

const DESCRIPTION: ModelDescription = {
  modelName: "noop",
  modelVersion: "1.11",
  modelUrl: "noop.mar",
  runtime: "deno",
  isDefault: true,
  minWorkers: 1,
  maxWorkers: 2,
  batchSize: 3,
  maxBatchDelayMs: 100,
  responseTimeoutMs: 120_000,
  startupTimeoutMs: 60_000,
  maxRetryTimeoutMs: 300_000,
  loadedAtStartup: true,
  workers: [
    {
      id: "9000",
      startedAtMs: Date.UTC(2026, 10, 21, 2, 40, 25, 560),
      state: "ready",
      gpuId: null,
      executionProvider: "cpu",
    },
    {
      id: "9001",
      startedAtMs: 0,
      state: "failed",
      gpuId: 2,
      failure: { message: "no weights", file: "handler.ts", line: 3 },
    },
  ],
  remainingCapacity: 98,
  pendingRequests: 2,
  state: "degraded",
};

Deno.test("GET /models/{name} answers the fields of TorchServe in its order, ours at the end; times are UTC and loading workers UNLOADING (§1.6, T39)", async () => {
  const { status, text } = await send({ describe: () => [DESCRIPTION] }, { path: "/models/noop" });
  strictEqual(status, 200);
  strictEqual(
    text,
    `[
  {
    "modelName": "noop",
    "modelVersion": "1.11",
    "modelUrl": "noop.mar",
    "runtime": "deno",
    "minWorkers": 1,
    "maxWorkers": 2,
    "batchSize": 3,
    "maxBatchDelay": 100,
    "responseTimeout": 120,
    "startupTimeout": 60,
    "maxRetryTimeoutInSec": 300,
    "clientTimeoutInMills": 0,
    "parallelType": "",
    "parallelLevel": 0,
    "continuousBatching": false,
    "useJobTicket": false,
    "useVenv": false,
    "stateful": false,
    "sequenceMaxIdleMSec": 0,
    "sequenceTimeoutMSec": 0,
    "maxNumSequence": 0,
    "maxSequenceJobQueueSize": 0,
    "loadedAtStartup": true,
    "workers": [
      {
        "id": "9000",
        "startTime": "2026-11-21T02:40:25.560Z",
        "status": "READY",
        "memoryUsage": 0,
        "pid": ${Deno.pid},
        "gpu": false,
        "gpuUsage": "N/A",
        "state": "ready",
        "executionProvider": "cpu"
      },
      {
        "id": "9001",
        "startTime": "1970-01-01T00:00:00.000Z",
        "status": "UNLOADING",
        "memoryUsage": 0,
        "pid": ${Deno.pid},
        "gpu": true,
        "gpuUsage": "gpuId::2",
        "state": "failed",
        "failure": {
          "message": "no weights",
          "file": "handler.ts",
          "line": 3
        }
      }
    ],
    "jobQueueStatus": {
      "remainingCapacity": 98,
      "pendingRequests": 2
    },
    "state": "degraded",
    "defaultVersion": true
  }
]
`,
  );
});

Deno.test("GET /models/{name} puts deviceType and deviceIds after parallelLevel when they are set (§1.6)", async () => {
  const model: ModelDescription = { ...DESCRIPTION, deviceType: "gpu", deviceIds: [0, 1] };
  const { text } = await send({ describe: () => [model] }, { path: "/models/noop" });
  const fields = Object.keys(JSON.parse(text)[0]);
  const at = fields.indexOf("parallelLevel");
  deepStrictEqual(fields.slice(at, at + 4), [
    "parallelLevel",
    "deviceType",
    "deviceIds",
    "continuousBatching",
  ]);
});

Deno.test.each([
  { path: "/models/noop", asked: ["noop", undefined] },
  { path: "/models/noop/", asked: ["noop", undefined] },
  { path: "/models/noop/1.11", asked: ["noop", "1.11"] },
  { path: "/models/noop/all", asked: ["noop", "all"] },
  { path: "/models/noop%2F1.11", asked: ["noop", "1.11"] },
  { path: "/models/a%2520b", asked: ["a%20b", undefined] },
])("GET $path describes $asked (§1.6, T40)", async ({ path, asked }) => {
  const seen: unknown[] = [];
  const describe: ModelService["describe"] = (name, version) => {
    seen.push(name, version);
    return [];
  };
  const { status, text } = await send({ describe }, { path });
  deepStrictEqual([status, text, seen], [200, "[]\n", asked]);
});

Deno.test("GET /models/{name} answers 404 in TorchServe's error form when the model was never registered (§1.6)", async () => {
  const describe = (): never => {
    throw new ServeError("model_not_found", "Model not found: noop");
  };
  const { status, body } = await send({ describe }, { path: "/models/noop" });
  deepStrictEqual([status, body], [404, {
    code: 404,
    type: "ModelNotFoundException",
    message: "Model not found: noop",
  }]);
});

Deno.test("GET /models/{name}/{version}/set-default describes the default version (§1.6)", async () => {
  const seen: unknown[] = [];
  const describe: ModelService["describe"] = (name, version) => {
    seen.push(name, version);
    return [];
  };
  const { status } = await send({ describe }, { path: "/models/noop/2.0/set-default" });
  deepStrictEqual([status, seen], [200, ["noop", undefined]]);
});

Deno.test("GET /models/{name}?customized=true puts what the handler says after jobQueueStatus (§1.6)", async () => {
  const asked: unknown[] = [];
  const describeCustomized: ModelService["describeCustomized"] = (name, version) => {
    asked.push(name, version);
    return Promise.resolve({ labels: 10 });
  };
  const path = "/models/noop/1.11?customized=TRUE";
  const { text } = await send({ describe: () => [DESCRIPTION], describeCustomized }, { path });
  const [described] = JSON.parse(text);
  deepStrictEqual(described.customizedMetadata, { labels: 10 });
  const fields = Object.keys(described);
  strictEqual(fields[fields.indexOf("jobQueueStatus") + 1], "customizedMetadata");
  deepStrictEqual(asked, ["noop", "1.11"]);
});

Deno.test.each(["/models/noop/all?customized=true", "/models/noop?customized=yes"])(
  "GET %s asks no handler (§1.6)",
  async (path) => {
    const { text } = await send({ describe: () => [DESCRIPTION] }, { path });
    strictEqual("customizedMetadata" in JSON.parse(text)[0], false);
  },
);

Deno.test.each<{ code: ServeErrorCode; status: number; type: string }>([
  { code: "model_busy", status: 503, type: "ServiceUnavailableException" },
  { code: "description_failed", status: 500, type: "InternalServerException" },
])(
  "GET /models/{name}?customized=true answers $status when it fails with $code (§1.6)",
  async (row) => {
    const describeCustomized = () => Promise.reject(new ServeError(row.code, "why"));
    const path = "/models/noop?customized=true";
    const { body } = await send({ describe: () => [DESCRIPTION], describeCustomized }, { path });
    deepStrictEqual(body, { code: row.status, type: row.type, message: "why" });
  },
);

Deno.test.each([true, false])("GET /v1/models/{name} says ready: %s (§1.6, T21)", async (ready) => {
  const { status, text } = await send({ isReady: () => ready }, { path: "/v1/models/noop" });
  deepStrictEqual([status, text], [200, `{\n  "name": "noop",\n  "ready": ${ready}\n}\n`]);
});

Deno.test("GET /v1/models/{name} answers 404 for a model that is not there (§1.6)", async () => {
  const isReady = (): never => {
    throw new ServeError("model_not_found", "Model not found: noop");
  };
  strictEqual((await send({ isReady }, { path: "/v1/models/noop" })).status, 404);
});

Deno.test.each(["POST", "PUT", "DELETE", "HEAD"])(
  "%s /v1/models/{name} answers 405 (§1.6)",
  async (method) => {
    strictEqual((await send({}, { method, path: "/v1/models/noop" })).status, 405);
  },
);
