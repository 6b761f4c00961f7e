import { ServeError } from "../errors.ts";
import { BatchQueue } from "./batch_queue.ts";
import type { StartCarrier } from "./carrier.ts";
import type { Clock } from "./clock.ts";
import type { BatchCloseReason } from "./in_flight.ts";
import {
  type LoadTemplate,
  ModelWorker,
  type ModelWorkerEvents,
  type StartOutcome,
} from "./model_worker.ts";
import { PendingRequest } from "./pending_request.ts";
import type { Answer, PredictCall } from "./predict_call.ts";
import { countRows, prefetchDepth } from "./prefetch.ts";
import type { LogMessage, ResultMessage, WireFailure } from "./protocol.ts";
import type { WebGpuLease } from "./webgpu_lease.ts";
import type { WorkerDescription } from "./worker_description.ts";

/** How often waiting requests are looked through for clients that have gone. */
const SWEEP_INTERVAL_MS = 250;

/**
 * Bytes of a batch above which it is not handed over ahead of time: such batches are copied, not moved,
 * and for large bodies the copy costs more than the wait that it saves.
 */
const MAX_PREFETCH_BYTES = 1024 * 1024;

/** A request that has waited less than this is not asked for its signal: making one costs more than it saves. */
const SWEEP_AGE_MS = 250;

/** What may be set for each model version. */
export interface PoolSettings {
  /** Rows in a batch, 1 or more. */
  readonly batchSize: number;
  /** Requests that may wait, 1 or more. */
  readonly queueCapacity: number;
  /** Bytes that may wait. */
  readonly maxQueueBytes: number;
  readonly responseTimeoutMs: number;
  readonly startupTimeoutMs: number;
  readonly maxRetryTimeoutMs: number;
}

/** What a pool tells, for logs and metrics. */
export interface PoolEvents {
  onWorkerReady(worker: WorkerDescription): void;
  onWorkerFailure(worker: WorkerDescription, failure: WireFailure): void;
  onWorkerLog(worker: WorkerDescription, message: LogMessage): void;
  onBatchDone(worker: WorkerDescription, report: BatchReport): void;
}

/** One batch that a worker has done, well or not. */
export interface BatchReport {
  readonly requests: readonly ReportedRequest[];
  readonly closedBy: BatchCloseReason;
  /** When it was handed to the worker, milliseconds since the epoch. */
  readonly sentAtMs: number;
  readonly doneAtMs: number;
  readonly result: ResultMessage;
}

/** One request of a batch. */
export interface ReportedRequest {
  readonly call: PredictCall;
  readonly rows: number;
  readonly enqueuedAtMs: number;
}

export interface PoolOptions {
  readonly settings: PoolSettings;
  readonly load: LoadTemplate;
  readonly requiresGpu: boolean;
  /** The next worker's device: its index, or `null` for the CPU. */
  readonly nextGpuId: () => number | null;
  readonly nextWorkerId: () => string;
  readonly clock: Clock;
  readonly startCarrier: StartCarrier;
  readonly webGpuLease: WebGpuLease;
  readonly events: PoolEvents;
}

/**
 * The queue and the workers of one model version.
 *
 * A worker that is free takes what waits, up to a batch; nothing is held back for a fuller one. While
 * all are busy the batch fills up, and a full one is handed to a fast worker ahead of time, so that it
 * never waits for its next message. Each request is answered exactly once, whatever its worker does.
 */
export class WorkerPool {
  readonly #options: PoolOptions;
  readonly #queue: BatchQueue<PendingRequest>;
  readonly #workers = new Map<string, ModelWorker>();
  readonly #stopping = new Set<Promise<void>>();
  #rowBytes: number | undefined;
  #isDispatchDue = false;
  #isClosed = false;
  #cancelSweep: (() => void) | undefined;
  #onDrained: (() => void) | undefined;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { queueCapacity, maxQueueBytes } = options.settings;
    this.#queue = new BatchQueue({ capacity: queueCapacity, maxBytes: maxQueueBytes });
  }

  get pendingRequests(): number {
    return this.#queue.size;
  }

  get remainingCapacity(): number {
    return this.#queue.remainingCapacity;
  }

  /** Workers that run or may come back by themselves. */
  get aliveWorkers(): number {
    let alive = 0;
    for (const worker of this.#workers.values()) if (worker.isAlive) alive++;
    return alive;
  }

  describeWorkers(): WorkerDescription[] {
    return [...this.#workers.values()].map((worker) => worker.describe());
  }

  /**
   * Queues one request and answers it.
   *
   * @throws {ServeError} `model_busy` when no worker is alive or the queue is full, `server_stopping`
   * after `close()`, and whatever its batch or its worker fails with.
   */
  predict(call: PredictCall): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(createStoppingError());
    if (this.aliveWorkers === 0) return Promise.reject(createBusyError(call));
    const request = new PendingRequest(
      call,
      countRows(call, this.#rowBytes),
      this.#options.clock.now(),
    );
    if (!this.#queue.push(request)) {
      this.#dropGone();
      if (!this.#queue.push(request)) return Promise.reject(createBusyError(call));
    }
    this.#dispatchSoon();
    return request.answered;
  }

  /**
   * Starts workers up to `min`, or stops the newest ones down to `max`.
   *
   * @returns How the starts of new workers ended, when all of them have; stopped workers have then given
   * their memory back.
   */
  async scale(min: number, max: number): Promise<StartOutcome[]> {
    const current = [...this.#workers.values()].filter((worker) => worker.isAlive);
    const dead = [...this.#workers.values()].filter((worker) => !worker.isAlive);
    const stops = dead.map((worker) => this.#stop(worker));
    const starts: Promise<StartOutcome>[] = [];
    for (let count = current.length; count < min; count++) starts.push(this.#startWorker());
    for (const worker of current.slice(max)) stops.push(this.#stop(worker));
    this.#dispatch();
    const outcomes = await Promise.all(starts);
    await Promise.all(stops);
    return outcomes;
  }

  /** Resolves once nothing waits and nothing runs. */
  async drain(): Promise<void> {
    while (this.#isBusy()) await new Promise<void>((resolve) => (this.#onDrained = resolve));
  }

  /**
   * Refuses what still waits or runs and stops every worker; `drain()` first lets it finish.
   *
   * @param reason What is refused is told this, `server_stopping` unless given.
   */
  async close(reason: ServeError = createStoppingError()): Promise<void> {
    this.#isClosed = true;
    for (const request of this.#queue.clear()) request.fail(reason);
    this.#cancelSweep?.();
    this.#cancelSweep = undefined;
    for (const worker of this.#workers.values()) {
      this.#forget(worker, worker.abandon(reason));
    }
    while (this.#stopping.size > 0) await Promise.all(this.#stopping);
  }

  #startWorker(): Promise<StartOutcome> {
    const { settings, load, requiresGpu, clock, startCarrier, webGpuLease } = this.#options;
    const worker = new ModelWorker({
      id: this.#options.nextWorkerId(),
      gpuId: this.#options.nextGpuId(),
      load,
      requiresGpu,
      startupTimeoutMs: settings.startupTimeoutMs,
      responseTimeoutMs: settings.responseTimeoutMs,
      maxRetryTimeoutMs: settings.maxRetryTimeoutMs,
      clock,
      startCarrier,
      webGpuLease,
    }, this.#workerEvents);
    this.#workers.set(worker.id, worker);
    worker.start();
    return worker.firstStart;
  }

  readonly #workerEvents: ModelWorkerEvents = {
    onReady: (worker, message) => {
      this.#rowBytes = message.rowBytes;
      this.#options.events.onWorkerReady(worker.describe());
      this.#dispatchSoon();
    },
    onResult: (worker, result, { requests, closedBy, sentAtMs }) => {
      const doneAtMs = this.#options.clock.now();
      const report = { requests, closedBy, sentAtMs, doneAtMs, result };
      this.#options.events.onBatchDone(worker.describe(), report);
      this.#dispatch();
    },
    onFailure: (worker, failure, returned) => {
      this.#queue.unshift(returned);
      this.#options.events.onWorkerFailure(worker.describe(), failure);
      this.#dispatch();
    },
    onLog: (worker, message) => this.#options.events.onWorkerLog(worker.describe(), message),
  };

  #stop(worker: ModelWorker): Promise<void> {
    return this.#forget(worker, worker.stop());
  }

  /** Takes the worker out once it has ended. */
  #forget(worker: ModelWorker, ended: Promise<void>): Promise<void> {
    const forgotten = ended.then(() => {
      this.#workers.delete(worker.id);
      this.#stopping.delete(forgotten);
      this.#dispatch();
    });
    this.#stopping.add(forgotten);
    return forgotten;
  }

  /** Requests that arrive in one turn of the event loop share a dispatch, and so a batch. */
  #dispatchSoon(): void {
    if (this.#isDispatchDue) return;
    this.#isDispatchDue = true;
    queueMicrotask(() => {
      this.#isDispatchDue = false;
      this.#dispatch();
    });
  }

  #dispatch(): void {
    const { batchSize } = this.#options.settings;
    if (this.#queue.size > 0 && this.aliveWorkers === 0) {
      for (const request of this.#queue.clear()) request.fail(createBusyError(request.call));
    }
    const idle: ModelWorker[] = [];
    const busy: ModelWorker[] = [];
    for (const worker of this.#workers.values()) {
      if (worker.state === "ready") (worker.inFlight.size === 0 ? idle : busy).push(worker);
    }
    for (const worker of idle) {
      if (this.#queue.size === 0) break;
      const closedBy = this.#queue.rows >= batchSize ? "full" : "worker_free";
      worker.send([this.#queue.take(batchSize)], closedBy);
      busy.push(worker);
    }
    for (const worker of busy) {
      if (this.#queue.rows < batchSize) break;
      this.#prefetch(worker);
    }
    if (this.#queue.size > 0) this.#sweepLater();
    else if (this.#onDrained !== undefined && !this.#isBusy()) this.#onDrained();
  }

  /** Hands full batches to a worker that will be through with its present ones in no time. */
  #prefetch(worker: ModelWorker): void {
    const { batchSize } = this.#options.settings;
    if (batchSize * this.#queue.bytes > MAX_PREFETCH_BYTES * this.#queue.size) return;
    const batches: PendingRequest[][] = [];
    const depth = prefetchDepth(worker.inFlight.meanBusyMs);
    while (worker.inFlight.size + batches.length < depth && this.#queue.rows >= batchSize) {
      batches.push(this.#queue.take(batchSize));
    }
    if (batches.length > 0) worker.send(batches, "full");
  }

  #isBusy(): boolean {
    if (this.#queue.size > 0) return true;
    for (const worker of this.#workers.values()) if (worker.inFlight.size > 0) return true;
    return false;
  }

  #sweepLater(): void {
    if (this.#cancelSweep !== undefined || this.#isClosed) return;
    this.#cancelSweep = this.#options.clock.schedule(SWEEP_INTERVAL_MS, () => {
      this.#cancelSweep = undefined;
      this.#dropGone();
      if (this.#queue.size > 0) this.#sweepLater();
      else this.#dispatch();
    });
  }

  #dropGone(): void {
    const oldestMs = this.#options.clock.now() - SWEEP_AGE_MS;
    const gone = this.#queue.remove((request) =>
      request.enqueuedAtMs <= oldestMs && request.call.signal.aborted
    );
    for (const request of gone) {
      request.fail(new ServeError("request_cancelled", "The client closed the connection"));
    }
  }
}

/** The text is upstream's, with its stray quote where a version was asked for: clients match on it. */
function createBusyError(call: PredictCall): ServeError {
  const version = call.modelVersion === undefined ? "" : ` Version ${call.modelVersion}"`;
  return new ServeError(
    "model_busy",
    `Model "${call.modelName}"${version} has no worker to serve inference request. Please use scale workers API to add workers. If this is a sequence inference, please check if it is closed, or expired; or exceeds maxSequenceJobQueueSize`,
  );
}

function createStoppingError(): ServeError {
  return new ServeError("server_stopping", "Cannot take the request: the server is stopping");
}
