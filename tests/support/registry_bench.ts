import type { ArchiveDownloader } from "../../server/downloads/mod.ts";
import { WebGpuLease } from "../../server/scheduling/mod.ts";
import { GpuAssigner, ModelRegistry, ModelStore } from "../../server/models/mod.ts";
import type { PredictCall, RegisterRequest } from "../../server/models/mod.ts";
import { createManualCarrier, type ManualWorker } from "./manual_carrier.ts";
import { ManualClock } from "./manual_clock.ts";
import { createModelStore } from "./model_store.ts";
import { TempFolder } from "./temp_folder.ts";

export const UNREGISTER_TIMEOUT_MS = 5_000;
const HANDLER = "export function handle() {}\n";
const NO_EVENTS = {
  onWorkerReady: () => {},
  onWorkerFailure: () => {},
  onWorkerLog: () => {},
  onBatchDone: () => {},
};

/** A registry whose archives are real, and whose workers say what the test says. */
export class RegistryBench implements AsyncDisposable {
  readonly clock = new ManualClock();
  readonly registry: ModelRegistry;
  readonly unpacked: TempFolder;
  readonly #store: Awaited<ReturnType<typeof createModelStore>>;
  readonly #workers: ManualWorker[];
  #onStart = (): void => {};

  private constructor(
    store: Awaited<ReturnType<typeof createModelStore>>,
    unpacked: TempFolder,
    random?: () => number,
    downloader?: ArchiveDownloader,
  ) {
    const { workers, startCarrier } = createManualCarrier();
    this.#store = store;
    this.#workers = workers;
    this.unpacked = unpacked;
    let workerId = 9000;
    this.registry = new ModelRegistry({
      store: new ModelStore(store.dir, { downloader }),
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
        isolation: "thread",
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
      random,
    });
  }

  /** Names in the model store, hidden ones too. */
  async listStore(): Promise<string[]> {
    return (await Array.fromAsync(Deno.readDir(this.#store.dir), ({ name }) => name)).sort();
  }

  /**
   * @param random What spreads requests by weight.
   * @param downloader What URLs are downloaded with; none is allowed without.
   */
  static async create(
    random?: () => number,
    downloader?: ArchiveDownloader,
  ): Promise<RegistryBench> {
    const store = await createModelStore({
      "net@1": { handler: HANDLER, version: "1.0" },
      "net@2": { handler: HANDLER, version: "2.0" },
      "net@3": { handler: HANDLER, version: "3.0" },
      "net@1b": { handler: HANDLER, version: "1.0" },
    });
    return new RegistryBench(store, await TempFolder.create(), random, downloader);
  }

  /** Answers the worker that was started as the `index`th, once it is. */
  async worker(index: number): Promise<ManualWorker> {
    while (this.#workers.length <= index) {
      await new Promise<void>((resolve) => (this.#onStart = resolve));
    }
    return this.#workers[index]!;
  }

  register(version: 1 | 2 | 3, initialWorkers = 1) {
    return this.registry.register({
      url: `net@${version}.mar`,
      initialWorkers,
      isSynchronous: true,
    });
  }

  /** Registers a version whose one worker is ready. */
  async registerReady(version: 1 | 2 | 3, workerIndex: number): Promise<ManualWorker> {
    const registered = this.register(version);
    const worker = await this.worker(workerIndex);
    worker.sayLoaded();
    await registered;
    return worker;
  }

  /** Starts to put an archive in the place of what is registered. */
  replace(url: string, over: Partial<RegisterRequest> = {}) {
    return this.registry.register({
      url,
      modelName: "net",
      replaces: true,
      isSynchronous: true,
      ...over,
    });
  }

  /** How many workers have been started so far. */
  get startedWorkers(): number {
    return this.#workers.length;
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

/** A call that names no version unless told to, with a body of these bytes if there are any. */
export function createCall(
  requestId: string,
  options: { readonly version?: string; readonly bytes?: Uint8Array<ArrayBuffer> } = {},
): PredictCall {
  const { version, bytes } = options;
  return {
    modelName: "net",
    modelVersion: version,
    kind: "predict",
    requestId,
    parts: bytes === undefined ? [] : [{ name: "body", contentType: "", bytes }],
    headers: [],
    urlPath: "",
    signal: new AbortController().signal,
  };
}
