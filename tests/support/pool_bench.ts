/** A pool whose workers, clock and events are in the test's hand. */
import {
  type Answer,
  type PoolEvents,
  type PoolSettings,
  type PredictCall,
  WebGpuLease,
  WorkerPool,
} from "../../server/scheduling/mod.ts";
import { createManualCarrier, type ManualWorker } from "./manual_carrier.ts";
import { ManualClock, settlePromises } from "./manual_clock.ts";

export interface PoolBench {
  readonly pool: WorkerPool;
  readonly workers: ManualWorker[];
  readonly clock: ManualClock;
  /** `id: message` of each failure, in order. */
  readonly failures: string[];
}

const SETTINGS: PoolSettings = {
  batchSize: 1,
  queueCapacity: 100,
  maxQueueBytes: 1_000_000,
  responseTimeoutMs: 2_000,
  startupTimeoutMs: 5_000,
  maxRetryTimeoutMs: 10_000,
  clientTimeoutMs: 0,
  usesJobTickets: false,
  scaleUpQueueMs: 0,
  scaleDownIdleMs: 60_000,
};

/** A pool without workers. */
export function createPoolBench(
  settings: Partial<PoolSettings> = {},
  gpuIds: (number | null)[] = [],
  events: Partial<PoolEvents> = {},
): PoolBench {
  const { workers, startCarrier } = createManualCarrier();
  const clock = new ManualClock();
  const failures: string[] = [];
  let nextId = 9000;
  const pool = new WorkerPool({
    settings: { ...SETTINGS, ...settings },
    load: {
      modelName: "digits",
      modelVersion: "1.0",
      modelDir: "/models/digits",
      manifest: null,
      modelYamlConfig: {},
      handler: { kind: "built_in", name: "base_handler" },
      needsImages: false,
      batchSize: settings.batchSize ?? 1,
      intraOpThreads: 1,
      serverVersion: "0.0.0",
      decodesRequests: true,
      maxResponseBytes: 1_000_000,
      warmup: [],
    },
    requiresGpu: false,
    nextGpuId: () => gpuIds.shift() ?? null,
    nextWorkerId: () => String(nextId++),
    clock,
    startCarrier,
    webGpuLease: new WebGpuLease(),
    events: {
      onWorkerReady: () => {},
      onWorkerFailure: (worker, failure) => failures.push(`${worker.id}: ${failure.message}`),
      onWorkerLog: () => {},
      onBatchDone: () => {},
      ...events,
    },
  });
  return { pool, workers, clock, failures };
}

/** A pool with `count` loaded workers. */
export async function createReadyBench(
  count: number,
  settings: Partial<PoolSettings> = {},
  events: Partial<PoolEvents> = {},
): Promise<PoolBench> {
  const bench = createPoolBench(settings, [], events);
  const scaled = bench.pool.scale(count, count);
  await settlePromises();
  for (const worker of bench.workers) worker.sayLoaded();
  await scaled;
  return bench;
}

export function createCall(requestId: string, options: Partial<PredictCall> = {}): PredictCall {
  return {
    modelName: "digits",
    kind: "predict",
    requestId,
    parts: [{ name: "body", contentType: "", bytes: new Uint8Array(4) }],
    headers: [],
    urlPath: "",
    signal: new AbortController().signal,
    ...options,
  };
}

export async function readText(answer: Promise<Answer>): Promise<string> {
  const { body } = await answer;
  return await new Response(body).text();
}

/** The request ids of each batch that a worker was given. */
export function idsOf(worker: ManualWorker): string[][] {
  return worker.batches.map((batch) => batch.items.map((item) => item.requestId));
}
