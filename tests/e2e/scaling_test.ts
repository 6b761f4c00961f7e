import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { WAIT_AT_GATE, waitForGate } from "../support/gate.ts";
import {
  ManagementClient,
  NOOP_HANDLER,
  startWithModelApi,
  toError,
} from "../support/management_client.ts";
import { createModelStore } from "../support/model_store.ts";

const ACCEPTED = { status: "Processing worker updates..." };

Deno.test("PUT /models/{name} scales workers, at once or in the background (§1.6, T7, T10, T11)", async (t) => {
  await using store = await createModelStore({
    "noop@1": { handler: NOOP_HANDLER, version: "1.0" },
    "noop@2": { handler: NOOP_HANDLER, version: "2.0" },
    broken: { handler: "export function handle() {\n  throw new Error('No');\n}\n" },
  });
  await using marina = await startWithModelApi(store.dir, "--models", "noop@1.mar", "noop@2.mar");
  const management = new ManagementClient(marina);
  const countWorkers = async (path: string): Promise<number> =>
    (await management.describe(path))[0].workers.length;
  const cases = [
    ["noop?min_worker=3&synchronous=true", "noop", 3, "Workers scaled to 3 for model: noop"],
    [
      "noop/2.0?min_worker=2&max_worker=4&synchronous=TRUE",
      "noop/2.0",
      2,
      "Workers scaled to 2 for model: noop, version: 2.0",
    ],
    [
      "noop?model_version=2.0&min_worker=1&synchronous=true",
      "noop/2.0",
      1,
      "Workers scaled to 1 for model: noop, version: 2.0",
    ],
    [
      "noop?min_worker=1&max_worker=3&synchronous=true",
      "noop",
      3,
      "Workers scaled to 1 for model: noop",
    ],
    ["noop?synchronous=true", "noop", 1, "Workers scaled to 1 for model: noop"],
    ["noop?min_worker=0&synchronous=true", "noop", 0, "Workers scaled to 0 for model: noop"],
    [
      "noop?min_worker=two&number_gpu=-1&timeout=0&synchronous=true",
      "noop",
      1,
      "Workers scaled to 1 for model: noop",
    ],
  ] as const;
  for (const [path, model, workers, status] of cases) {
    await t.step(`PUT /models/${path} answers 200`, async () => {
      deepStrictEqual(await management.call(`PUT /models/${path}`), [200, { status }]);
      strictEqual(await countWorkers(model), workers);
    });
  }
  for (const query of ["min_worker=2", "min_worker=2&synchronous=nan", "min_worker=0"]) {
    await t.step(`PUT /models/noop?${query} answers 202 and goes on by itself`, async () => {
      deepStrictEqual(await management.call(`PUT /models/noop?${query}`), [202, ACCEPTED]);
      const wanted = Number(query[11]);
      let workers;
      do {
        workers = (await management.describe("noop"))[0].workers;
      } while (
        workers.filter(({ status }: { status: string }) => status === "READY").length !== wanted
      );
    });
  }
  await t.step("numbers that make no sense answer 400", async () => {
    const refused = "max_worker cannot be less than min_worker.";
    for (const query of ["min_worker=2&max_worker=1", "max_worker=-1"]) {
      deepStrictEqual(
        await management.call(`PUT /models/noop?${query}`),
        toError(400, "BadRequestException", refused),
      );
    }
    strictEqual((await management.call("PUT /models/noop?min_worker=0&synchronous=true"))[0], 200);
    deepStrictEqual(
      await management.call("PUT /models/noop?min_worker=-1"),
      toError(500, "IndexOutOfBoundsException", "Index -1 out of bounds for length 0"),
    );
    const [status, body] = await management.call("PUT /models/noop?min_worker=513");
    strictEqual(status, 400);
    match((body as { message: string }).message, /must be from 0 to 512, received 513 and 513$/);
  });
  await t.step("unknown models and versions answer 404", async () => {
    deepStrictEqual(
      await management.call("PUT /models/nope?min_worker=1"),
      toError(404, "ModelNotFoundException", "Model not found: nope"),
    );
    for (const path of ["noop/9?min_worker=1", "noop?model_version=9&min_worker=1"]) {
      deepStrictEqual(
        await management.call(`PUT /models/${path}`),
        toError(
          404,
          "ModelVersionNotFoundException",
          "Model version: 9 does not exist for model: noop",
        ),
      );
    }
  });
  await t.step("workers that cannot start answer 500, and the model stays", async () => {
    deepStrictEqual(
      (await management.call("POST /models?url=broken.mar&initial_workers=0"))[0],
      200,
    );
    for (const [path, version] of [["broken", "null"], ["broken/1.0", "1.0"]]) {
      deepStrictEqual(
        await management.call(`PUT /models/${path}?min_worker=1&synchronous=true`),
        toError(
          500,
          "InternalServerException",
          `Failed to start workers for model broken version: ${version}`,
        ),
      );
      deepStrictEqual(
        (await management.call(`PUT /models/broken?min_worker=0&synchronous=true`))[0],
        200,
      );
    }
    strictEqual((await management.describe("broken")).length, 1);
  });
});

Deno.test("PUT /models/{name} answers 206 when another call took the workers away that it waited for (§1.6)", async () => {
  const handler = `${WAIT_AT_GATE}
    export async function handle(rows, context) {
      if (rows === null) return await waitAtGate(context);
      return rows.map(() => "ok");
    }
  `;
  await using store = await createModelStore({ slow: { handler } });
  await using marina = await startWithModelApi(store.dir);
  const management = new ManagementClient(marina);
  await management.call("POST /models?url=slow.mar&initial_workers=0");
  const scaled = management.call("PUT /models/slow?min_worker=1&synchronous=true");
  await waitForGate(marina, "slow");
  const [{ workers: [loading] }] = await management.describe("slow");
  deepStrictEqual([loading.status, loading.state], ["UNLOADING", "starting"]);
  deepStrictEqual(await management.call("PUT /models/slow?min_worker=0"), [202, ACCEPTED]);
  deepStrictEqual(await scaled, [206, { status: "Workers scaling in progress..." }]);
});
