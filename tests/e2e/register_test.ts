import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { WAIT_AT_GATE, waitForGate } from "../support/gate.ts";
import {
  ManagementClient,
  NOOP_HANDLER,
  startWithModelApi,
  toError,
} from "../support/management_client.ts";
import { createModelStore } from "../support/model_store.ts";

const ACCEPTED = { status: "Processing worker updates..." };

Deno.test("POST /models registers by query or JSON body, and answers what upstream answers (§1.6, T6, T9, T10, T13, T14, T15, T38)", async (t) => {
  await using store = await createModelStore({
    noop: { handler: NOOP_HANDLER },
    "noop@2": { handler: NOOP_HANDLER, version: "2.0" },
    config: {
      handler: NOOP_HANDLER,
      config: "minWorkers: 2\nmaxWorkers: 2\nbatchSize: 4\nresponseTimeout: 9\n",
    },
  });
  await using marina = await startWithModelApi(store.dir);
  const management = new ManagementClient(marina);
  const registered = (version: string, workers: number): [number, unknown] => [200, {
    status: `Model "noop" Version: ${version} registered with ${workers} initial workers` +
      (workers === 0 ? ". Use scale workers API to add workers for the model." : ""),
  }];
  const notFound = (message: string) => toError(404, "ModelNotFoundException", message);

  await t.step("with no workers", async () => {
    const line = "POST /models?url=noop.mar&initial_workers=0";
    deepStrictEqual(await management.call(line), registered("1.0", 0));
    deepStrictEqual((await management.describe("noop"))[0].workers, []);
  });
  await t.step("the same again answers 409", async () => {
    deepStrictEqual(
      await management.call("POST /models?url=noop.mar"),
      toError(
        409,
        "ConflictStatusException",
        "Model version 1.0 is already registered for model noop",
      ),
    );
  });
  await t.step(
    "a second version, with its workers ready; the first stays the default",
    async () => {
      const line = "POST /models?url=noop@2.mar&initial_workers=2&batch_size=3&max_batch_delay=5";
      deepStrictEqual(await management.call(line), registered("2.0", 2));
      const [second] = await management.describe("noop/2.0");
      deepStrictEqual(
        [second.modelUrl, second.batchSize, second.maxBatchDelay, second.loadedAtStartup],
        ["noop@2.mar", 3, 5, false],
      );
      deepStrictEqual(second.workers.map((worker: { status: string }) => worker.status), [
        "READY",
        "READY",
      ]);
      strictEqual((await management.describe("noop"))[0].modelVersion, "1.0");
    },
  );
  await t.step("by JSON body, which makes the query count for nothing", async () => {
    const body = {
      url: "noop.mar",
      model_name: "renamed",
      batch_size: "2",
      response_timeout: 7,
      initial_workers: 1,
      synchronous: "true",
    };
    const line = "POST /models?url=nowhere.mar&model_name=query&batch_size=9";
    deepStrictEqual(await management.call(line, JSON.stringify(body)), [200, {
      status: 'Model "renamed" Version: 1.0 registered with 1 initial workers',
    }]);
    const [described] = await management.describe("renamed");
    deepStrictEqual(
      [described.batchSize, described.responseTimeout, described.maxBatchDelay],
      [2, 7, 100],
    );
  });
  await t.step("with what the archive's config says", async () => {
    const line = "POST /models?url=config.mar&initial_workers=1&response_timeout=5&batch_size=8";
    deepStrictEqual(await management.call(line), [200, {
      status: 'Model "config" Version: 1.0 registered with 2 initial workers',
    }]);
    const [described] = await management.describe("config");
    deepStrictEqual([described.minWorkers, described.batchSize, described.responseTimeout], [
      2,
      8,
      9,
    ]);
  });
  await t.step("numbers that are none count as absent", async () => {
    const line = "POST /models?url=noop.mar&model_name=odd&batch_size=dd&initial_workers=-3";
    deepStrictEqual((await management.call(line))[0], 200);
    const [described] = await management.describe("odd");
    deepStrictEqual([described.batchSize, described.workers.length], [1, 0]);
  });

  const refused = [
    ["POST /models", toError(400, "BadRequestException", "Parameter url is required.")],
    ["POST /models?url=", notFound("empty url")],
    ["POST /models?url=nowhere.mar", notFound("Model not found at: nowhere.mar")],
    ["POST /models?url=/etc/passwd", notFound("Model not found at: /etc/passwd")],
    ["POST /models?url=../x.mar", notFound("Relative path is not allowed in url: ../x.mar")],
    ["POST /models?url=%2e%2e/x.mar", notFound("Relative path is not allowed in url: ../x.mar")],
    [
      "POST /models?url=https://models.example/x.mar",
      notFound("Given URL https://models.example/x.mar does not match any allowed URL(s)"),
    ],
    [
      "POST /models?url=file:///etc/passwd",
      notFound("Given URL file:///etc/passwd does not match any allowed URL(s)"),
    ],
    [
      "POST /models?url=noop.mar&model_name=x&runtime=java",
      toError(400, "BadRequestException", "Invalid RuntimeType value: java"),
    ],
  ] as const;
  for (const [line, expected] of refused) {
    await t.step(`${line} answers ${expected[0]}`, async () => {
      deepStrictEqual(await management.call(line), expected);
    });
  }
  await t.step("a lenient JSON body is read, and then no query (T38)", async () => {
    const json = "{'url': 'noop.mar', 'model_name': 'lenient', initial_workers: '0'}";
    deepStrictEqual(await management.call("POST /models?url=nowhere.mar", json), [200, {
      status:
        'Model "lenient" Version: 1.0 registered with 0 initial workers. Use scale workers API to add workers for the model.',
    }]);
    strictEqual((await management.describe("lenient"))[0].maxBatchDelay, 100);
  });
  await t.step("startup_timeout=0 fails at once (T9)", async () => {
    const line = "POST /models?url=noop.mar&model_name=late&initial_workers=1&startup_timeout=0";
    const failed = "Failed to start workers for model late version: 1.0";
    deepStrictEqual(await management.call(line), toError(500, "InternalServerException", failed));
    strictEqual((await management.call("GET /models/late"))[0], 404);
  });
  await t.step("a JSON body that is none answers 400 (T38)", async () => {
    const [status, body] = await management.call("POST /models?url=noop.mar", "{'url'");
    deepStrictEqual([status, (body as { type: string }).type], [400, "BadRequestException"]);
  });
  await t.step("names that are no names answer 400", async () => {
    for (const name of ["a/b", "a%20b", ".hidden", "x".repeat(129)]) {
      const [status] = await management.call(`POST /models?url=noop.mar&model_name=${name}`);
      strictEqual(status, 400, name);
    }
  });
});

Deno.test("POST /models?synchronous=false answers 202 before the workers are ready, and requests wait for them (§1.6, T21, T39)", async () => {
  const handler = `${WAIT_AT_GATE}
    export async function handle(rows, context) {
      if (rows === null) return await waitAtGate(context);
      return rows.map(() => "ok");
    }
  `;
  await using store = await createModelStore({ slow: { handler } });
  await using marina = await startWithModelApi(store.dir);
  const management = new ManagementClient(marina);
  const line = "POST /models?url=slow.mar&synchronous=false&initial_workers=1";
  deepStrictEqual(await management.call(line), [202, ACCEPTED]);
  const openGate = await waitForGate(marina, "slow");
  strictEqual((await management.describe("slow"))[0].workers[0].status, "UNLOADING");
  const ping = await fetch(`${marina.inferenceUrl}/ping`);
  deepStrictEqual(await ping.json(), { status: "Healthy" });
  const asked = fetch(`${marina.inferenceUrl}/predictions/slow`);
  await openGate();
  strictEqual(await (await asked).text(), "ok");
  strictEqual((await management.describe("slow"))[0].workers[0].status, "READY");
});

Deno.test("a failed synchronous registration leaves the name free for the next (§1.6, T12)", async () => {
  await using store = await createModelStore({
    noop: { handler: "export function handle() {\n  throw new Error('Not yet');\n}\n" },
  });
  await using marina = await startWithModelApi(store.dir);
  const management = new ManagementClient(marina);
  const register = () => management.call("POST /models?url=noop.mar&initial_workers=1");
  for (let round = 0; round < 2; round++) {
    deepStrictEqual(
      await register(),
      toError(
        500,
        "InternalServerException",
        "Failed to start workers for model noop version: 1.0",
      ),
    );
  }
  await Deno.remove(`${store.dir}/noop.mar`);
  await store.add("noop", { handler: NOOP_HANDLER });
  strictEqual((await register())[0], 200);
});
