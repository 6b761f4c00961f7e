import { ok, strictEqual } from "node:assert/strict";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore, type ModelStoreFolder } from "../support/model_store.ts";
import { field, message, valueInfo } from "../support/onnx_builder.ts";

/** What memory may grow by over many rounds, in MB; one model that was not given back has 20. */
const MAX_GROWTH_MB = 40;

/** What a server with one small model and one worker may take, in MB. */
/** A compiled program's runtime reads all that it carries into memory: 38 MB beside the runtime itself. */
const IS_COMPILED = /(^|[\\/])marina-[\w-]+(\.exe)?$/.test(
  Deno.env.get("MARINA_CMD")?.trim() ?? "",
);
const MAX_SERVER_MB = IS_COMPILED ? 180 : 140;

const FEATURES = 1_000;
const OUTPUTS = 5_000;

const WORKERS = 5;

/** Opens its model as `BaseHandler` does, and ends its thread when it is asked anything. */
const LEAVING = `
import { BaseHandler } from "marina";

export class Leaving extends BaseHandler {
  handle() {
    Deno.exit(1);
  }
}
`;

const ONE_WORKER = "minWorkers: 1\nmaxWorkers: 1\n";

/** Why memory is not measured on this machine; absent where it can be. */
const hasNoRollup = await Deno.stat("/proc/self/smaps_rollup").then(() => false, () => true);
const reason = hasNoRollup ? " (skipped: this system has no /proc/PID/smaps_rollup)" : "";

/** The process's own pages and its share of those that others use too, in MB. */
async function readPssMb(pid: number): Promise<number> {
  const rollup = await Deno.readTextFile(`/proc/${pid}/smaps_rollup`);
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)![1]) * 1024 / 1e6;
}

/** `y = x · w` with 20 MB of weights, none of them zero. */
function buildLargeModel(): Uint8Array<ArrayBuffer> {
  const weights = Float32Array.from(
    { length: FEATURES * OUTPUTS },
    (_, index) => (index % 251 + 1) / 251,
  );
  return message(
    field(1, 8),
    field(7, [
      field(1, [field(1, "x"), field(1, "w"), field(2, "y"), field(4, "MatMul")]),
      field(2, "large"),
      field(5, [
        ...[field(1, FEATURES), field(1, OUTPUTS), field(2, 1), field(8, "w")],
        field(9, new Uint8Array(weights.buffer)),
      ]),
      valueInfo(11, "x", 1, ["batch", FEATURES]),
      valueInfo(12, "y", 1, ["batch", OUTPUTS]),
    ]),
    field(8, [field(1, ""), field(2, 17)]),
  );
}

async function createLargeModelStore(handler: string, config: string): Promise<ModelStoreFolder> {
  const serializedFile = await Deno.makeTempFile({ suffix: ".onnx" });
  try {
    await Deno.writeFile(serializedFile, buildLargeModel());
    return await createModelStore({ large: { handler, serializedFile, config } });
  } finally {
    await Deno.remove(serializedFile);
  }
}

async function scale(marina: MarinaProcess, model: string, workers: number): Promise<void> {
  const query = `min_worker=${workers}&max_worker=${workers}&synchronous=true`;
  const response = await fetch(`${marina.managementUrl}/models/${model}?${query}`, {
    method: "PUT",
  });
  strictEqual(response.status, 200, await response.text());
}

async function predict(marina: MarinaProcess, model: string, input: unknown): Promise<Response> {
  return await fetch(`${marina.inferenceUrl}/predictions/${model}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(input),
  });
}

/** Resolves once all workers of the model have loaded it. */
async function waitForWorkers(marina: MarinaProcess, model: string): Promise<void> {
  let states: string[];
  do {
    const response = await fetch(`${marina.managementUrl}/models/${model}`);
    const [{ workers }] = await response.json();
    states = workers.map((worker: { readonly status: string }) => worker.status);
  } while (states.length < WORKERS || states.some((state) => state !== "READY"));
}

/** Runs rounds and answers by how much memory grew between the end of round `first` and of the last. */
async function measureGrowthMb(
  marina: MarinaProcess,
  rounds: { readonly first: number; readonly last: number; readonly run: () => Promise<void> },
): Promise<number> {
  let startMb = 0;
  for (let round = 1; round <= rounds.last; round++) {
    await rounds.run();
    if (round === rounds.first) startMb = await readPssMb(marina.pid);
  }
  return await readPssMb(marina.pid) - startMb;
}

Deno.test({
  name: `100 rounds of starting and stopping a worker with a 20 MB model leave no memory${reason}`,
  ignore: hasNoRollup,
  async fn() {
    await using store = await createLargeModelStore("base_handler", ONE_WORKER);
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
    });
    // Until then the C library gives each of its pools, of which threads use one after the other, what it needs.
    const growthMb = await measureGrowthMb(marina, {
      first: 50,
      last: 150,
      run: async () => {
        await scale(marina, "large", 0);
        await scale(marina, "large", 1);
      },
    });
    ok(growthMb <= MAX_GROWTH_MB, `memory grew by ${growthMb.toFixed(1)} MB`);
    const response = await predict(marina, "large", Array(FEATURES).fill(1));
    strictEqual((await response.json()).length, OUTPUTS);
  },
});

Deno.test({
  name:
    `30 restarts of workers whose handler calls Deno.exit() leave no memory of a 20 MB model${reason}`,
  ignore: hasNoRollup,
  async fn() {
    const config = `minWorkers: ${WORKERS}\nmaxWorkers: ${WORKERS}\n`;
    await using store = await createLargeModelStore(LEAVING, config);
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
    });
    await waitForWorkers(marina, "large");
    const growthMb = await measureGrowthMb(marina, {
      first: 1,
      last: 6,
      run: async () => {
        const requests = Array.from({ length: WORKERS }, () => predict(marina, "large", 1));
        for (const response of await Promise.all(requests)) {
          strictEqual((await response.json()).message, "Worker died.");
        }
        await waitForWorkers(marina, "large");
      },
    });
    const restarts = marina.stderrLines.filter((line) => line.includes('"Worker failed"'));
    strictEqual(restarts.length, 30);
    ok(growthMb <= MAX_GROWTH_MB, `memory grew by ${growthMb.toFixed(1)} MB`);
  },
});

Deno.test({
  name:
    `a server with one model and one worker has at most ${MAX_SERVER_MB} MB after 100 requests${reason}`,
  ignore: hasNoRollup,
  async fn() {
    await using store = await createModelStore({
      mlp: {
        handler: "base_handler",
        serializedFile: "tests/testdata/bench/mlp.onnx",
        config: ONE_WORKER,
      },
    });
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
    });
    for (let request = 0; request < 100; request++) {
      const input = Array.from({ length: 64 }, (_, index) => (index + request) / 164);
      const response = await predict(marina, "mlp", input);
      strictEqual((await response.json()).length, 10);
    }
    const pssMb = await readPssMb(marina.pid);
    ok(pssMb <= MAX_SERVER_MB, `the server has ${pssMb.toFixed(1)} MB`);
  },
});
