import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { ServeError } from "../../../server/errors.ts";
import type { ModelService } from "../../../server/http/mod.ts";
import type {
  ModelDescription,
  RegisterRequest,
  ScaleRequest,
} from "../../../server/models/mod.ts";
import { createFakeManagementApp, type FakeAppOptions } from "./_fake_models.ts";

interface Call {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
}

async function send(
  given: Partial<ModelService>,
  { method = "GET", path, body, contentType }: Call,
  options: FakeAppOptions = {},
): Promise<{ status: number; text: string; body: Record<string, unknown> }> {
  const headers: HeadersInit = contentType === undefined ? {} : { "content-type": contentType };
  const request = new Request(`http://127.0.0.1:8081${path}`, { method, body, headers });
  const response = await createFakeManagementApp(given, options)(request);
  const text = await response.text();
  return { status: response.status, text, body: text === "" ? {} : JSON.parse(text) };
}

function createModelList(count: number): () => { modelName: string; modelUrl: string }[] {
  return () =>
    Array.from({ length: count }, (_, i) => ({ modelName: `m${i}`, modelUrl: `m${i}.mar` }));
}

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
};

Deno.test("GET /models/{name} answers the fields of TorchServe in its order, ours at the end", async () => {
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
    }
  }
]
`,
  );
});

Deno.test("GET /models/{name} puts deviceType and deviceIds after parallelLevel when they are set", async () => {
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
])("GET $path describes $asked", async ({ path, asked }) => {
  const seen: unknown[] = [];
  const describe: ModelService["describe"] = (name, version) => {
    seen.push(name, version);
    return [];
  };
  const { status, text } = await send({ describe }, { path });
  deepStrictEqual([status, text, seen], [200, "[]\n", asked]);
});

Deno.test("GET /models/{name} answers 404 in TorchServe's error form when the model was never registered", async () => {
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

Deno.test.each([
  { count: 0, query: "", names: [], token: undefined },
  { count: 2, query: "", names: ["m0", "m1"], token: undefined },
  { count: 3, query: "?limit=2", names: ["m0", "m1"], token: "2" },
  { count: 3, query: "?limit=2&next_page_token=2", names: ["m2"], token: undefined },
  { count: 3, query: "?limit=2;next_page_token=1", names: ["m1", "m2"], token: "3" },
  { count: 3, query: "?limit=0", names: [], token: "0" },
  { count: 3, query: "?next_page_token=9", names: [], token: undefined },
  { count: 3, query: "?limit=x&next_page_token=-4", names: ["m0", "m1", "m2"], token: undefined },
  { count: 2, query: "?limit=1&limit=2", names: ["m0"], token: "1" },
])("GET /models$query of $count models lists $names and the token $token", async (row) => {
  const { status, body } = await send({ list: createModelList(row.count) }, {
    path: `/models${row.query}`,
  });
  strictEqual(status, 200);
  deepStrictEqual(
    Object.keys(body),
    row.token === undefined ? ["models"] : ["nextPageToken", "models"],
  );
  strictEqual(body.nextPageToken, row.token);
  deepStrictEqual(
    body.models,
    row.names.map((name) => ({ modelName: name, modelUrl: `${name}.mar` })),
  );
});

Deno.test.each(["-1", "101"])("GET /models?limit=%s gives pages of 100", async (limit) => {
  const { body } = await send({ list: createModelList(150) }, { path: `/models?limit=${limit}` });
  strictEqual((body.models as unknown[]).length, 100);
  strictEqual(body.nextPageToken, "100");
});

/** Registers, and keeps what was asked for. */
function createRegister(workers: number, isComplete: boolean) {
  const asked: RegisterRequest[] = [];
  const register: ModelService["register"] = (request) => {
    asked.push(request);
    return Promise.resolve({ modelName: "noop", modelVersion: "1.11", workers, isComplete });
  };
  return { asked, register };
}

/** The parameters that are set. */
function withoutAbsent(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, field]) => field !== undefined));
}

Deno.test.each([
  {
    workers: 0,
    isComplete: true,
    status: 200,
    text:
      'Model "noop" Version: 1.11 registered with 0 initial workers. Use scale workers API to add workers for the model.',
  },
  {
    workers: 1,
    isComplete: true,
    status: 200,
    text: 'Model "noop" Version: 1.11 registered with 1 initial workers',
  },
  { workers: 1, isComplete: false, status: 202, text: "Processing worker updates..." },
])("POST /models answers $status for $workers workers, complete: $isComplete", async (row) => {
  const { register } = createRegister(row.workers, row.isComplete);
  const call = { method: "POST", path: "/models?url=noop.mar" };
  const { status, body } = await send({ register }, call);
  deepStrictEqual([status, body], [row.status, { status: row.text }]);
});

const ALL_PARAMETERS = {
  url: "noop.mar",
  model_name: "n",
  handler: "h.ts",
  runtime: "deno",
  batch_size: 4,
  max_batch_delay: 0,
  initial_workers: 2,
  response_timeout: 3,
  startup_timeout: 5,
  synchronous: false,
};
const ALL_ASKED = {
  url: "noop.mar",
  modelName: "n",
  handler: "h.ts",
  runtime: "deno",
  batchSize: 4,
  maxBatchDelayMs: 0,
  initialWorkers: 2,
  responseTimeoutMs: 3000,
  startupTimeoutMs: 5000,
  isSynchronous: false,
};

Deno.test("POST /models reads every parameter from the query", async () => {
  const { asked, register } = createRegister(0, true);
  const query = Object.entries(ALL_PARAMETERS).map(([name, value]) => `${name}=${value}`).join("&");
  await send({ register }, { method: "POST", path: `/models?${query}` });
  deepStrictEqual(asked, [ALL_ASKED]);
});

Deno.test.each([
  { form: "as they are", parameters: ALL_PARAMETERS },
  {
    form: "as texts",
    parameters: Object.fromEntries(
      Object.entries(ALL_PARAMETERS).map(([name, value]) => [name, String(value)]),
    ),
  },
])(
  "POST /models reads numbers and booleans of a JSON body $form, and no query then",
  async (row) => {
    const { asked, register } = createRegister(0, true);
    await send({ register }, {
      method: "POST",
      path: "/models?url=other.mar",
      body: JSON.stringify(row.parameters),
      contentType: "application/json; charset=utf-8",
    });
    deepStrictEqual(asked, [ALL_ASKED]);
  },
);

Deno.test.each([
  { query: "", asked: {} },
  { query: "&synchronous=TRUE", asked: {} },
  { query: "&synchronous=nan", asked: { isSynchronous: false } },
  { query: "&batch_size=dd&batch_size=2", asked: {} },
  { query: "&batch_size=-1&max_batch_delay=-1&response_timeout=-1", asked: {} },
  { query: "&initial_workers=-3", asked: { initialWorkers: 0 } },
  { query: "&startup_timeout=0", asked: { startupTimeoutMs: 0 } },
  { query: "&batch_size=99999999999", asked: {} },
  { query: "&model_name=a+b%2Fc", asked: { modelName: "a b/c" } },
])("POST /models?url=x$query asks for $asked beside the defaults", async (row) => {
  const { asked, register } = createRegister(0, true);
  await send({ register }, { method: "POST", path: `/models?url=x${row.query}` });
  deepStrictEqual(withoutAbsent(asked[0]!), { url: "x", isSynchronous: true, ...row.asked });
});

Deno.test.each([
  {
    path: "/models",
    status: 400,
    type: "BadRequestException",
    message: "Parameter url is required.",
  },
  { path: "/models?url=", status: 404, type: "ModelNotFoundException", message: "empty url" },
])("POST $path answers $status '$message'", async ({ path, status, type, message }) => {
  const answer = await send({}, { method: "POST", path });
  deepStrictEqual([answer.status, answer.body], [status, { code: status, type, message }]);
});

Deno.test.each(["{", "[]", "null", '"x"', ""])(
  "POST /models answers 400 for the JSON body '%s'",
  async (body) => {
    const call = { method: "POST", path: "/models?url=x", body, contentType: "application/json" };
    const answer = await send({}, call);
    strictEqual(answer.status, 400);
    match(String(answer.body.message), /^Cannot read the request's body: it must be a JSON object/);
  },
);

Deno.test("POST /models answers 413 for a body above the limit", async () => {
  const body = `{"url": "${"x".repeat(100)}"}`;
  const call = { method: "POST", path: "/models", body, contentType: "application/json" };
  const answer = await send({}, call, { maxBodyBytes: 50 });
  deepStrictEqual([answer.status, answer.text], [413, ""]);
});

Deno.test.each([
  { method: "POST", path: "/models?url=noop.mar" },
  { method: "DELETE", path: "/models/noop" },
  { method: "DELETE", path: "/models/noop/1.11" },
])("$method $path answers 405 while the model API is off", async (call) => {
  const answer = await send({}, call, { isModelApiEnabled: false });
  deepStrictEqual([answer.status, answer.body.type], [405, "MethodNotAllowedException"]);
});

/** Scales, and keeps what was asked for. */
function createScale(outcome: "accepted" | "complete" | "partial") {
  const asked: ScaleRequest[] = [];
  const scale: ModelService["scale"] = (request) => {
    asked.push(request);
    return Promise.resolve(outcome);
  };
  return { asked, scale };
}

Deno.test.each(
  [
    {
      path: "/models/noop",
      outcome: "accepted",
      status: 202,
      text: "Processing worker updates...",
    },
    {
      path: "/models/noop?min_worker=0",
      outcome: "complete",
      status: 202,
      text: "Processing worker updates...",
    },
    {
      path: "/models/noop?min_worker=3&synchronous=true",
      outcome: "complete",
      status: 200,
      text: "Workers scaled to 3 for model: noop",
    },
    {
      path: "/models/noop/2.0?min_worker=3&max_worker=5&synchronous=true",
      outcome: "complete",
      status: 200,
      text: "Workers scaled to 3 for model: noop, version: 2.0",
    },
    {
      path: "/models/noop?model_version=2.0&synchronous=true",
      outcome: "complete",
      status: 200,
      text: "Workers scaled to 1 for model: noop, version: 2.0",
    },
    {
      path: "/models/noop?synchronous=true",
      outcome: "partial",
      status: 206,
      text: "Workers scaling in progress...",
    },
  ] as const,
)("PUT $path answers $status when the change is $outcome", async (row) => {
  const { scale } = createScale(row.outcome);
  const { status, body } = await send({ scale }, { method: "PUT", path: row.path });
  deepStrictEqual([status, body], [row.status, { status: row.text }]);
});

Deno.test.each([
  { path: "/models/noop", asked: { minWorkers: 1, maxWorkers: 1, isSynchronous: false } },
  {
    path: "/models/noop/1?min_worker=2&model_version=9",
    asked: { modelVersion: "1", minWorkers: 2, maxWorkers: 2, isSynchronous: false },
  },
  {
    path: "/models/noop?min_worker=0&max_worker=4&synchronous=true&number_gpu=-1&timeout=2",
    asked: { minWorkers: 0, maxWorkers: 4, isSynchronous: true },
  },
])("PUT $path asks for $asked", async ({ path, asked: expected }) => {
  const { asked, scale } = createScale("complete");
  await send({ scale }, { method: "PUT", path });
  deepStrictEqual(withoutAbsent(asked[0]!), { modelName: "noop", ...expected });
});

Deno.test.each([
  {
    query: "min_worker=2&max_worker=1",
    message: "max_worker cannot be less than min_worker.",
  },
  {
    query: "max_worker=-1",
    message: "max_worker cannot be less than min_worker.",
  },
  {
    query: "min_worker=-2",
    message: 'Cannot scale a model: min_worker must be an integer from 0, received "-2"',
  },
])("PUT /models/{name}?$query answers 400", async ({ query, message }) => {
  const { status, body } = await send({}, { method: "PUT", path: `/models/noop?${query}` });
  deepStrictEqual([status, body], [400, { code: 400, type: "BadRequestException", message }]);
});

Deno.test("PUT /models/{name}/{version}/set-default answers TorchServe's sentence", async () => {
  const seen: string[] = [];
  const setDefault = (name: string, version: string): void => void seen.push(name, version);
  const call = { method: "PUT", path: "/models/noop/1.2.1/set-default" };
  const { status, body } = await send({ setDefault }, call);
  deepStrictEqual(seen, ["noop", "1.2.1"]);
  deepStrictEqual([status, body], [200, {
    status: 'Default version successfully updated for model "noop" to "1.2.1"',
  }]);
});

Deno.test.each([
  { path: "/models/noop", version: undefined },
  { path: "/models/noop/1.11", version: "1.11" },
])("DELETE $path unregisters version $version", async ({ path, version }) => {
  const seen: unknown[] = [];
  const unregister = (name: string, asked?: string): Promise<void> => {
    seen.push(name, asked);
    return Promise.resolve();
  };
  const { status, body } = await send({ unregister }, { method: "DELETE", path });
  deepStrictEqual([status, body, seen], [200, { status: 'Model "noop" unregistered' }, [
    "noop",
    version,
  ]]);
});

Deno.test.each([
  { method: "PUT", path: "/models" },
  { method: "DELETE", path: "/models" },
  { method: "HEAD", path: "/models" },
  { method: "POST", path: "/models/noop" },
  { method: "HEAD", path: "/models/noop" },
  { method: "OPTIONS", path: "/models/noop" },
  { method: "PATCH", path: "/models/noop/1.0" },
  { method: "POST", path: "/models/noop/1.0/set-default" },
])("$method $path answers 405", async (call) => {
  strictEqual((await send({}, call)).status, 405);
});

Deno.test.each([
  "/",
  "/nothing",
  "//models",
  "/models/a/b/c",
  "/Models",
  "/predictions/x",
  "/models/%",
])(
  "GET %s answers 404 on the management port",
  async (path) => {
    const { status, body } = await send({}, { path });
    deepStrictEqual([status, body.type], [404, "ResourceNotFoundException"]);
  },
);
