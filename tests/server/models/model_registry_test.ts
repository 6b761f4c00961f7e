import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { WebGpuLease } from "../../../server/scheduling/mod.ts";
import { GpuAssigner, ModelRegistry, ModelStore } from "../../../server/models/mod.ts";
import type { PredictCall } from "../../../server/models/mod.ts";
import { createManualCarrier, type ManualWorker } from "../../support/manual_carrier.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { createModelStore } from "../../support/model_store.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const UNREGISTER_TIMEOUT_MS = 5_000;
const HANDLER = "export function handle() {}\n";
const NO_EVENTS = {
  onWorkerReady: () => {},
  onWorkerFailure: () => {},
  onWorkerLog: () => {},
  onBatchDone: () => {},
};

/** A registry whose archives are real, and whose workers say what the test says. */
class Bench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly registry: ModelRegistry;
  readonly unpacked: TempFolder;
  readonly #store: Awaited<ReturnType<typeof createModelStore>>;
  readonly #workers: ManualWorker[];
  #onStart = (): void => {};

  private constructor(store: Awaited<ReturnType<typeof createModelStore>>, unpacked: TempFolder) {
    const { workers, startCarrier } = createManualCarrier();
    this.#store = store;
    this.#workers = workers;
    this.unpacked = unpacked;
    let workerId = 9000;
    this.registry = new ModelRegistry({
      store: new ModelStore(store.dir),
      unpackRoot: unpacked.path,
      defaults: {
        defaultWorkersPerModel: 0,
        numberOfGpu: 0,
        numberOfCores: 2,
        queueCapacity: 10,
        responseTimeoutMs: 120_000,
        startupTimeoutMs: 120_000,
        scaleUpQueueMs: 0,
        scaleDownIdleMs: 60_000,
      },
      modelOverrides: new Map(),
      decodesRequests: true,
      maxResponseBytes: 1_000_000,
      maxQueueBytes: 1_000_000,
      serverVersion: "0.0.0",
      gpus: new GpuAssigner(0),
      webGpuLease: new WebGpuLease(),
      clock: this.clock,
      startCarrier: (options, events) => {
        const carrier = startCarrier(options, events);
        this.#onStart();
        return carrier;
      },
      nextWorkerId: () => String(workerId++),
      createEvents: () => NO_EVENTS,
      onWarning: () => {},
      unregisterTimeoutMs: UNREGISTER_TIMEOUT_MS,
    });
  }

  static async create(): Promise<Bench> {
    const store = await createModelStore({
      "net@1": { handler: HANDLER, version: "1.0" },
      "net@2": { handler: HANDLER, version: "2.0" },
    });
    return new Bench(store, await TempFolder.create());
  }

  /** Answers the worker that was started as the `index`th, once it is. */
  async worker(index: number): Promise<ManualWorker> {
    while (this.#workers.length <= index) {
      await new Promise<void>((resolve) => (this.#onStart = resolve));
    }
    return this.#workers[index]!;
  }

  register(version: 1 | 2, initialWorkers = 1) {
    return this.registry.register({
      url: `net@${version}.mar`,
      initialWorkers,
      isSynchronous: true,
    });
  }

  /** Registers a version whose one worker is ready. */
  async registerReady(version: 1 | 2, workerIndex: number): Promise<ManualWorker> {
    const registered = this.register(version);
    const worker = await this.worker(workerIndex);
    worker.sayLoaded();
    await registered;
    return worker;
  }

  listVersions(): string[] {
    return this.registry.describe("net", "all").map(({ modelVersion, isDefault }) =>
      isDefault ? `${modelVersion} default` : modelVersion
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = this.registry.close({ deadlineMs: 0 });
    await this.clock.advance(60_000);
    await closed;
    await this.#store[Symbol.asyncDispose]();
    await this.unpacked[Symbol.asyncDispose]();
  }
}

function createCall(requestId: string): PredictCall {
  return {
    modelName: "net",
    kind: "predict",
    requestId,
    parts: [],
    headers: [],
    urlPath: "",
    signal: new AbortController().signal,
  };
}

Deno.test("ModelRegistry.register() takes a version out again that fails, though another came meanwhile", async () => {
  await using bench = await Bench.create();
  const failing = bench.register(1);
  const first = await bench.worker(0);
  await bench.registerReady(2, 1);
  deepStrictEqual(bench.listVersions(), ["1.0 default", "2.0"]);
  const refused = rejects(failing, { name: "ServeError", code: "workers_failed_to_start" });
  first.say({ type: "load_failed", failure: { message: "no" }, isOutOfMemory: false });
  await bench.clock.advance(60_000);
  await refused;
  deepStrictEqual(bench.listVersions(), ["2.0 default"]);
  strictEqual((await bench.unpacked.list()).length, 1);
});

Deno.test("ModelRegistry.register() fails with its own error when the model was taken out meanwhile", async () => {
  await using bench = await Bench.create();
  const failing = bench.register(1, 2);
  const refused = rejects(failing, { name: "ServeError", code: "workers_failed_to_start" });
  const first = await bench.worker(0);
  await bench.worker(1);
  first.say({ type: "load_failed", failure: { message: "no" }, isOutOfMemory: false });
  const unregistered = bench.registry.unregister("net");
  await bench.clock.advance(60_000);
  await unregistered;
  await refused;
  deepStrictEqual(bench.registry.list(), []);
  deepStrictEqual(await bench.unpacked.list(), []);
});

Deno.test("ModelRegistry.register() leaves a later version of the same name alone when it fails", async () => {
  await using bench = await Bench.create();
  const failing = bench.register(1, 2);
  const refused = rejects(failing, { code: "workers_failed_to_start" });
  const first = await bench.worker(0);
  const second = await bench.worker(1);
  first.say({ type: "load_failed", failure: { message: "no" }, isOutOfMemory: false });
  const unregistered = bench.registry.unregister("net");
  await bench.registerReady(1, 2);
  second.say({ type: "released" });
  await bench.clock.advance(60_000);
  await Promise.all([unregistered, refused]);
  deepStrictEqual(bench.listVersions(), ["1.0 default"]);
  strictEqual((await bench.registry.describe("net")[0]!.workers).length, 1);
  strictEqual((await bench.unpacked.list()).length, 1);
});

Deno.test("ModelRegistry.unregister() refuses what is not through in time, and says that the model is gone", async () => {
  await using bench = await Bench.create();
  const worker = await bench.registerReady(1, 0);
  const asked = ["runs", "waits"].map((id) => bench.registry.predict(createCall(id)));
  const refused = asked.map((answer) =>
    rejects(answer, {
      code: "model_busy",
      message: 'Cannot finish the request: model "net" version 1.0 was taken out',
    })
  );
  await bench.clock.advance(0);
  const unregistered = bench.registry.unregister("net");
  await rejects(bench.registry.predict(createCall("late")), { code: "model_not_found" });
  await bench.clock.advance(UNREGISTER_TIMEOUT_MS - 1);
  strictEqual(worker.wasAskedToRelease, false);
  await bench.clock.advance(1);
  strictEqual(worker.wasAskedToRelease, true);
  worker.say({ type: "released" });
  await Promise.all([unregistered, ...refused]);
  strictEqual(worker.isTerminated, true);
  deepStrictEqual(await bench.unpacked.list(), []);
});

Deno.test("ModelRegistry.register() lets one of two win that register the same at once", async () => {
  await using bench = await Bench.create();
  const outcomes = await Promise.allSettled([bench.register(1, 0), bench.register(1, 0)]);
  deepStrictEqual(outcomes.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  const lost = outcomes.find((outcome) => outcome.status === "rejected");
  strictEqual(lost?.reason.code, "model_already_registered");
  strictEqual((await bench.unpacked.list()).length, 1);
});

Deno.test("ModelRegistry.close() answers what waits with server_stopping and takes nothing more", async () => {
  await using bench = await Bench.create();
  await bench.registerReady(1, 0);
  const refused = rejects(bench.registry.predict(createCall("runs")), { code: "server_stopping" });
  const closed = bench.registry.close({ deadlineMs: 1_000 });
  await rejects(bench.register(2), { code: "server_stopping" });
  await bench.clock.advance(60_000);
  await Promise.all([closed, refused]);
  deepStrictEqual(await bench.unpacked.list(), []);
});
