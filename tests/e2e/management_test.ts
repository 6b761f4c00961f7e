import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { startMarina, WORKER_ISOLATION } from "../support/marina_process.ts";
import {
  ManagementClient,
  NOOP_HANDLER,
  startWithModelApi,
  toError,
} from "../support/management_client.ts";
import { createModelStore } from "../support/model_store.ts";

const METHOD_NOT_ALLOWED = {
  code: 405,
  type: "MethodNotAllowedException",
  message: "Requested method is not allowed, please refer to API document.",
};

/** Upstream's fields in its order; `deviceType` and `deviceIds` are there when the archive sets them. */
const FIELDS = [
  "modelName modelVersion modelUrl runtime minWorkers maxWorkers batchSize maxBatchDelay",
  "responseTimeout startupTimeout maxRetryTimeoutInSec clientTimeoutInMills parallelType",
  "parallelLevel deviceType continuousBatching useJobTicket useVenv stateful sequenceMaxIdleMSec",
  "sequenceTimeoutMSec maxNumSequence maxSequenceJobQueueSize loadedAtStartup workers",
  "jobQueueStatus state defaultVersion",
].join(" ").split(" ");

Deno.test("GET /models gives pages in TorchServe's way, whatever limit and token say (§1.6, T10, T17)", async (t) => {
  await using store = await createModelStore({
    "a@1": { handler: NOOP_HANDLER, version: "1.0" },
    "a@2": { handler: NOOP_HANDLER, version: "2.0" },
    b: { handler: NOOP_HANDLER },
    c: { handler: NOOP_HANDLER },
  });
  await using marina = await startWithModelApi(
    store.dir,
    "--models",
    "c.mar",
    "a@2.mar",
    "b.mar",
    "a@1.mar",
  );
  const management = new ManagementClient(marina);
  const urls: Record<string, string> = { a: "a@2.mar", b: "b.mar", c: "c.mar" };
  const page = (names: string, nextPageToken?: string) => {
    const models = [...names].map((name) => ({ modelName: name, modelUrl: urls[name] }));
    return [200, nextPageToken === undefined ? { models } : { nextPageToken, models }];
  };
  const cases = [
    ["", page("abc")],
    ["?limit=2", page("ab", "2")],
    ["?limit=2&next_page_token=2", page("c")],
    ["?limit=1;next_page_token=1", page("b", "2")],
    ["?limit=3", page("abc", "3")],
    ["?limit=3&next_page_token=3", page("")],
    ["?limit=0", page("", "0")],
    ["?limit=-1", page("abc")],
    ["?limit=101", page("abc")],
    ["?limit=100", page("abc")],
    ["?limit=two&next_page_token=x", page("abc")],
    ["?limit=1.5", page("abc")],
    ["?limit=", page("abc")],
    ["?next_page_token=-5", page("abc")],
    ["?next_page_token=9", page("")],
    ["?limit=1&limit=2", page("a", "1")],
    ["?next_page_token=99999999999", page("abc")],
  ] as const;
  for (const [query, expected] of cases) {
    await t.step(`GET /models${query}`, async () => {
      deepStrictEqual(await management.call(`GET /models${query}`), expected);
    });
  }
});

Deno.test("GET /models/{name} describes the default version, one, or all, in TorchServe's order (§1.6, T39)", async (t) => {
  await using store = await createModelStore({
    "noop@1": { handler: NOOP_HANDLER, version: "1.0" },
    "noop@2": {
      handler: NOOP_HANDLER,
      version: "2.0",
      config:
        "batchSize: 4\nmaxBatchDelay: 7\nresponseTimeout: 9\njobQueueSize: 5\ndeviceType: cpu\n",
    },
  });
  await using marina = await startWithModelApi(store.dir, "--models", "noop@1.mar", "noop@2.mar");
  const management = new ManagementClient(marina);

  await fetch(`${marina.inferenceUrl}/predictions/noop`).then((answer) => answer.body?.cancel());

  await t.step("the default version", async () => {
    const described = await management.describe("noop");
    strictEqual(described.length, 1);
    deepStrictEqual(Object.keys(described[0]), FIELDS.filter((name) => name !== "deviceType"));
    const { workers: _, ...fields } = described[0];
    deepStrictEqual(fields, {
      modelName: "noop",
      modelVersion: "1.0",
      modelUrl: "noop@1.mar",
      runtime: "deno",
      minWorkers: 1,
      maxWorkers: 1,
      batchSize: 1,
      maxBatchDelay: 100,
      responseTimeout: 120,
      startupTimeout: 120,
      maxRetryTimeoutInSec: 300,
      clientTimeoutInMills: 0,
      parallelType: "",
      parallelLevel: 0,
      continuousBatching: false,
      useJobTicket: false,
      useVenv: false,
      stateful: false,
      sequenceMaxIdleMSec: 0,
      sequenceTimeoutMSec: 0,
      maxNumSequence: 0,
      maxSequenceJobQueueSize: 0,
      loadedAtStartup: true,
      jobQueueStatus: { remainingCapacity: 100, pendingRequests: 0 },
      state: "ready",
      defaultVersion: true,
    });
  });

  await t.step("another version, with what its archive sets", async () => {
    const [described] = await management.describe("noop/2.0");
    deepStrictEqual(Object.keys(described), FIELDS);
    const { modelVersion, batchSize, maxBatchDelay, responseTimeout, deviceType } = described;
    deepStrictEqual([modelVersion, batchSize, maxBatchDelay, responseTimeout, deviceType], [
      "2.0",
      4,
      7,
      9,
      "cpu",
    ]);
    strictEqual(described.jobQueueStatus.remainingCapacity, 5);
  });

  await t.step("all versions", async () => {
    const versions = (await management.describe("noop/all")).map((one) => one.modelVersion);
    deepStrictEqual(versions.sort(), ["1.0", "2.0"]);
  });

  await t.step("a worker, once it is ready", async () => {
    const answer = await fetch(`${marina.inferenceUrl}/predictions/noop`);
    strictEqual(await answer.text(), "ok");
    const [{ workers: [worker, ...others] }] = await management.describe("noop");
    deepStrictEqual(others, []);
    deepStrictEqual(Object.keys(worker).slice(0, 7), [
      "id",
      "startTime",
      "status",
      "memoryUsage",
      "pid",
      "gpu",
      "gpuUsage",
    ]);
    match(worker.id, /^9\d{3}$/);
    match(worker.startTime, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    deepStrictEqual([worker.status, worker.gpu, worker.gpuUsage], ["READY", false, "N/A"]);
    strictEqual(worker.pid === marina.pid, WORKER_ISOLATION === "thread", `${worker.pid}`);
  });

  await t.step("what is not there", async () => {
    deepStrictEqual(
      await management.call("GET /models/nope"),
      toError(404, "ModelNotFoundException", "Model not found: nope"),
    );
    deepStrictEqual(
      await management.call("GET /models/nope/all"),
      toError(404, "ModelNotFoundException", "Model not found: nope"),
    );
    deepStrictEqual(
      await management.call("GET /models/noop/9"),
      toError(
        404,
        "ModelVersionNotFoundException",
        "Model version: 9 does not exist for model: noop",
      ),
    );
  });

  for (const line of ["HEAD /models", "PUT /models", "DELETE /models", "POST /models/noop"]) {
    await t.step(`${line} answers 405`, async () => {
      const [method, path] = line.split(" ");
      const response = await fetch(marina.managementUrl + path, { method });
      strictEqual(response.status, 405);
      const text = await response.text();
      if (method !== "HEAD") deepStrictEqual(JSON.parse(text), METHOD_NOT_ALLOWED);
    });
  }
});

Deno.test("without --enable-model-api models can be scaled but neither registered nor unregistered (§1.10, T2)", async () => {
  await using store = await createModelStore({ noop: { handler: NOOP_HANDLER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "noop.mar"],
    config: { default_workers_per_model: 1 },
  });
  const management = new ManagementClient(marina);
  for (const line of ["POST /models?url=noop.mar", "DELETE /models/noop", "DELETE /models/x/1"]) {
    deepStrictEqual(await management.call(line), [405, METHOD_NOT_ALLOWED], line);
  }
  deepStrictEqual(await management.call("PUT /models/noop?min_worker=2&synchronous=true"), [200, {
    status: "Workers scaled to 2 for model: noop",
  }]);
  strictEqual((await management.describe("noop"))[0].workers.length, 2);
});

Deno.test("PUT /models/{name}/{version}/set-default moves the default, or says what is not there (§1.6, T15, T16)", async () => {
  await using store = await createModelStore({
    "noop@1": { handler: NOOP_HANDLER, version: "1.0" },
    "noop@2": { handler: NOOP_HANDLER, version: "2.0" },
  });
  await using marina = await startWithModelApi(store.dir, "--models", "noop@1.mar", "noop@2.mar");
  const management = new ManagementClient(marina);
  deepStrictEqual(await management.call("PUT /models/noop/2.0/set-default"), [200, {
    status: 'Default version successfully updated for model "noop" to "2.0"',
  }]);
  strictEqual((await management.describe("noop"))[0].modelVersion, "2.0");
  deepStrictEqual(await management.call("GET /models"), [200, {
    models: [{ modelName: "noop", modelUrl: "noop@2.mar" }],
  }]);
  deepStrictEqual(
    await management.call("PUT /models/nope/1.0/set-default"),
    toError(404, "ModelNotFoundException", "Model not found: nope"),
  );
  deepStrictEqual(
    await management.call("PUT /models/noop/9.9/set-default"),
    toError(
      404,
      "ModelVersionNotFoundException",
      "Model version 9.9 does not exist for model noop",
    ),
  );
});

const DESCRIBING_HANDLER = `
export function handle(rows, context) {
  if (rows === null) return;
  if (context.requestKind !== "describe") return rows.map(() => "ok");
  if (context.getRequestHeader(0, "describe") !== "True") throw new Error("No header");
  return [DESCRIPTION];
}
`;

Deno.test("GET /models/{name}?customized=true tells what the handler says of itself (§1.6)", async (t) => {
  const describing = (code: string) => ({
    handler: DESCRIBING_HANDLER.replace("DESCRIPTION", code),
  });
  await using store = await createModelStore({
    object: describing('{ labels: ["a", "b"], size: 28 }'),
    text: describing('"no object"'),
    broken: describing("undefined.field"),
  });
  await using marina = await startWithModelApi(store.dir);
  const management = new ManagementClient(marina);
  for (const name of ["object", "text", "broken"]) {
    await management.call(`POST /models?url=${name}.mar&initial_workers=1`);
  }
  const answered = [["object", { labels: ["a", "b"], size: 28 }], ["text", {}]] as const;
  for (const [name, metadata] of answered) {
    await t.step(`a handler that answers ${name}`, async () => {
      const [described] = await management.describe(`${name}?customized=true`);
      deepStrictEqual(described.customizedMetadata, metadata);
      const [plain] = await management.describe(name);
      strictEqual("customizedMetadata" in plain, false);
      const [all] = await management.describe(`${name}/all?customized=true`);
      strictEqual("customizedMetadata" in all, false);
    });
  }
  await t.step("a handler that fails", async () => {
    deepStrictEqual(
      await management.call("GET /models/broken?customized=true"),
      toError(500, "InternalServerException", "Failed to get customized model matadata."),
    );
  });
  await t.step("no worker", async () => {
    await management.call("PUT /models/object?min_worker=0&synchronous=true");
    deepStrictEqual(
      await management.call("GET /models/object?customized=true"),
      toError(
        503,
        "ServiceUnavailableException",
        'Model "object" has no worker to serve describe request. Please use scale workers API to add workers.',
      ),
    );
  });
});

Deno.test("GET /v1/models/{name} says whether a worker can answer, on the management port (§1.6, T21)", async () => {
  await using store = await createModelStore({ noop: { handler: NOOP_HANDLER } });
  await using marina = await startWithModelApi(store.dir);
  const management = new ManagementClient(marina);
  await management.call("POST /models?url=noop.mar&initial_workers=0");
  deepStrictEqual(await management.call("GET /v1/models/noop"), [200, {
    name: "noop",
    ready: false,
  }]);
  strictEqual((await management.describe("noop"))[0].state, "idle");
  await management.call("PUT /models/noop?min_worker=1&synchronous=true");
  deepStrictEqual(await management.call("GET /v1/models/noop"), [200, {
    name: "noop",
    ready: true,
  }]);
  deepStrictEqual(await management.call("POST /v1/models/noop"), [405, METHOD_NOT_ALLOWED]);
  deepStrictEqual(
    await management.call("GET /v1/models/nope"),
    toError(404, "ModelNotFoundException", "Model not found: nope"),
  );
});
