import { deepStrictEqual, match } from "node:assert/strict";
import { GATED_HANDLER } from "../support/gate.ts";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

Deno.test("model-config.yaml, models={}, request and server have their say in TorchServe's order (§9, T8, T34)", async () => {
  await using store = await createModelStore({
    plain: { handler: GATED_HANDLER },
    own: {
      handler: GATED_HANDLER,
      config: "minWorkers: 2\nmaxWorkers: 2\nbatchSize: 3\nresponseTimeout: 9\n",
    },
  });
  const models = {
    plain: {
      "1.0": { minWorkers: 1, maxWorkers: 3, batchSize: 4, maxBatchDelay: 30, responseTimeout: 8 },
    },
    own: { "1.0": { minWorkers: 1, maxWorkers: 1, batchSize: 5, maxBatchDelay: 40 } },
  };
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "plain.mar", "--enable-model-api"],
    config: {
      models: JSON.stringify(models),
      default_response_timeout: 70,
      default_startup_timeout: 71,
      default_workers_per_model: 4,
    },
  });
  const registered = await fetch(
    `${marina.managementUrl}/models?url=own.mar&initial_workers=1&response_timeout=6&startup_timeout=7`,
    { method: "POST" },
  );
  deepStrictEqual((await registered.json()).status.split(" with ")[1], "2 initial workers");
  const describe = async (name: string) => {
    const [model] = await (await fetch(`${marina.managementUrl}/models/${name}`)).json();
    const { minWorkers, maxWorkers, batchSize, maxBatchDelay } = model;
    const { responseTimeout, startupTimeout } = model;
    return { minWorkers, maxWorkers, batchSize, maxBatchDelay, responseTimeout, startupTimeout };
  };
  deepStrictEqual(await describe("plain"), {
    minWorkers: 1,
    maxWorkers: 3,
    batchSize: 4,
    maxBatchDelay: 30,
    responseTimeout: 8,
    startupTimeout: 71,
  });
  // The file says nothing of startupTimeout, so the request does.
  deepStrictEqual(await describe("own"), {
    minWorkers: 2,
    maxWorkers: 2,
    batchSize: 3,
    maxBatchDelay: 40,
    responseTimeout: 9,
    startupTimeout: 7,
  });
});

Deno.test("a key of model-config.yaml that has no effect, or a wrong value, is one warning in the log (§9)", async () => {
  await using store = await createModelStore({
    odd: {
      handler: GATED_HANDLER,
      config: "minWorkers: 1\nmaxWorkers: 1\nbatchSize: many\nparallelType: pp\n",
    },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
  });
  match(await marina.waitForStderr(/batchSize/), /expected a whole number from 1, found/);
  match(await marina.waitForStderr(/parallelType/), /has no effect: a worker runs on one device/);
});
