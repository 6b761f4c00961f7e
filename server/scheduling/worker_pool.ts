import type { ServeError } from "../errors.ts";
import { BatchQueue } from "./batch_queue.ts";
import type { Isolation, StartCarrier } from "./carrier.ts";
import { ClientDeadlines } from "./client_deadlines.ts";
import type { Clock } from "./clock.ts";
import { dropGone, dropStranded, expireRequests } from "./drop_requests.ts";
import type { LoadTemplate, ModelWorker, ModelWorkerEvents, StartOutcome } from "./model_worker.ts";
import { PendingRequest } from "./pending_request.ts";
import { createBusyError, createFailedError, createStoppingError } from "./pool_errors.ts";
import type { PoolEvents } from "./pool_events.ts";
import { type PoolLoad, PoolScaler } from "./pool_scaler.ts";
import type { Answer, PredictCall } from "./predict_call.ts";
import { countRows, prefetchDepth } from "./prefetch.ts";
import type { WebGpuLease } from "./webgpu_lease.ts";
import type { WorkerDescription, WorkerFailure } from "./worker_description.ts";
import { WorkerGroup } from "./worker_group.ts";

/** How often waiting requests are looked through for clients that have gone. */
const SWEEP_INTERVAL_MS = 250;

/**
 * Bytes of a batch above which it is not handed over ahead of time: such batches are copied, not moved,
 * and for large bodies the copy costs more than the wait that it saves.
 */
const MAX_PREFETCH_BYTES = 1024 * 1024;

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
  /** From a request's arrival to its answer; 0: for ever. */
  readonly clientTimeoutMs: number;
  /** True: a request is taken only while a worker is idle, none waits. */
  readonly usesJobTickets: boolean;
  /** How long a request waits before a worker is added; 0: none is. */
  readonly scaleUpQueueMs: number;
  readonly scaleDownIdleMs: number;
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
  /** See `isolation` of {@linkcode ModelWorkerOptions}. */
  readonly isolation?: Isolation;
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
  readonly #workers: WorkerGroup;
  #rowBytes: number | undefined;
  #isDispatchDue = false;
  #isClosed = false;
  #cancelSweep: (() => void) | undefined;
  #onDrained: (() => void) | undefined;
  readonly #deadlines: ClientDeadlines;
  readonly #scaler: PoolScaler;

  constructor(options: PoolOptions) {
    this.#options = options;
    const { clock, settings } = options;
    const { queueCapacity, maxQueueBytes } = settings;
    this.#queue = new BatchQueue({ capacity: queueCapacity, maxBytes: maxQueueBytes });
    this.#workers = new WorkerGroup({
      common: { ...options, ...settings },
      nextGpuId: options.nextGpuId,
      nextWorkerId: options.nextWorkerId,
      events: this.#workerEvents,
      onGone: () => this.#dispatch(),
    });
    this.#deadlines = new ClientDeadlines({
      clock,
      timeoutMs: settings.clientTimeoutMs,
      expire: (latestMs) => this.#expire(latestMs),
    });
    this.#scaler = new PoolScaler({
      clock,
      scaleUpQueueMs: settings.scaleUpQueueMs,
      scaleDownIdleMs: settings.scaleDownIdleMs,
      readLoad: () => this.#readLoad(),
      grow: (waitedMs) => this.#grow(waitedMs),
      shrink: (idleMs) => this.#shrink(idleMs),
    });
  }

  get pendingRequests(): number {
    return this.#queue.size;
  }

  get remainingCapacity(): number {
    return this.#queue.remainingCapacity;
  }

  /** How long the oldest waiting request has waited; 0 when none waits. */
  get oldestWaitMs(): number {
    const oldest = this.#queue.oldest;
    return oldest === undefined ? 0 : this.#options.clock.now() - oldest.enqueuedAtMs;
  }

  /** Why nobody answers here any more: every worker has been given up. Absent while one is alive or none is wanted. */
  get failure(): WorkerFailure | undefined {
    return this.#workers.failure;
  }

  /** Workers that run or may come back by themselves. */
  get aliveWorkers(): number {
    return this.#workers.alive;
  }

  describeWorkers(): WorkerDescription[] {
    return this.#workers.describe();
  }

  /**
   * Queues one request and answers it.
   *
   * While every worker is being restarted after failures, requests wait as they do for a worker that is
   * started for the first time; once a second start has failed, those that have waited for
   * `responseTimeoutMs` are answered with the reason.
   *
   * @throws {ServeError} `model_busy` when there is no worker, the queue is full, or job tickets are used
   * and no worker is idle; `model_failed` when every worker has been given up or keeps failing;
   * `request_timed_out` after `clientTimeoutMs`, unless the first chunk has been sent by then;
   * `server_stopping` after `close()`; and whatever its batch or its worker fails with.
   */
  predict(call: PredictCall): Promise<Answer> {
    if (this.#isClosed) return Promise.reject(createStoppingError());
    this.#options.events.onRequest?.(call);
    if (this.#workers.alive === 0) return Promise.reject(this.#createRefusal(call));
    if (this.#options.settings.usesJobTickets && this.#workers.idle <= this.#queue.size) {
      return Promise.reject(createBusyError(call));
    }
    const request = new PendingRequest(
      call,
      countRows(call, this.#rowBytes),
      this.#options.clock.now(),
    );
    if (!this.#queue.push(request)) {
      dropGone(this.#queue, this.#options.clock.now());
      if (!this.#queue.push(request)) return Promise.reject(createBusyError(call));
    }
    this.#deadlines.start();
    this.#dispatchSoon();
    return request.answered;
  }

  /**
   * Starts workers up to `min`, or stops the newest ones down to `max`; a `min` of 0 stops all. Workers
   * that were given up are taken away first. Between the two numbers the load decides from here on.
   *
   * @returns How the starts of new workers ended, when all of them have; stopped workers have then given
   * their memory back.
   */
  async scale(min: number, max: number): Promise<StartOutcome[]> {
    const current = [...this.#workers].filter((worker) => worker.isAlive);
    const dead = [...this.#workers].filter((worker) => !worker.isAlive);
    const stops = dead.map((worker) => this.#workers.stop(worker));
    const starts: Promise<StartOutcome>[] = [];
    for (let count = current.length; count < min; count++) starts.push(this.#workers.start());
    for (const worker of current.slice(min === 0 ? 0 : max)) stops.push(this.#workers.stop(worker));
    this.#scaler.setRange(min, max);
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
    this.#deadlines.stop();
    this.#scaler.stop();
    await this.#workers.abandonAll(reason);
  }

  readonly #workerEvents: ModelWorkerEvents = {
    onReady: (worker, message, recovery) => {
      this.#rowBytes = message.rowBytes;
      const { events, clock } = this.#options;
      const description = worker.describe();
      events.onWorkerReady(description, clock.now() - description.startedAtMs);
      if (recovery !== undefined) events.onWorkerRecovered?.(description, recovery);
      this.#scaler.noteChange();
      this.#dispatchSoon();
    },
    onResult: (worker, result, { requests, closedBy, sentAtMs }) => {
      const doneAtMs = this.#options.clock.now();
      const report = { requests, closedBy, sentAtMs, doneAtMs, result };
      this.#options.events.onBatchDone(worker.describe(), report);
      this.#dispatch();
    },
    onFailure: (worker, { failure, kind, lost, returned, retryDelayMs }) => {
      this.#queue.unshift(returned.filter((request) => !request.isAnswered));
      const { events } = this.#options;
      const { recovery, state } = worker;
      const description = worker.describe();
      events.onWorkerFailure(description, failure, kind);
      if (lost !== undefined) {
        const { requests, closedBy, sentAtMs } = lost;
        const lostAtMs = this.#options.clock.now();
        events.onBatchLost?.(description, { requests, closedBy, sentAtMs, lostAtMs, failure });
      }
      if (recovery !== undefined && retryDelayMs !== undefined) {
        events.onWorkerRetry?.(description, retryDelayMs, recovery);
      } else if (recovery !== undefined && state === "failed") {
        events.onWorkerGivenUp?.(description, recovery);
      }
      this.#dispatch();
    },
    onLog: (worker, message) => this.#options.events.onWorkerLog(worker.describe(), message),
  };

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
    if (this.#queue.size > 0 && this.#workers.alive === 0) {
      for (const request of this.#queue.clear()) request.fail(this.#createRefusal(request.call));
    }
    const idle: ModelWorker[] = [];
    const busy: ModelWorker[] = [];
    for (const worker of this.#workers) {
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
    return this.#queue.size > 0 || this.#workers.isBusy;
  }

  #sweepLater(): void {
    if (this.#cancelSweep !== undefined || this.#isClosed) return;
    this.#cancelSweep = this.#options.clock.schedule(SWEEP_INTERVAL_MS, () => {
      this.#cancelSweep = undefined;
      this.#sweep();
      if (this.#queue.size > 0) this.#sweepLater();
      else this.#dispatch();
    });
  }

  #sweep(): void {
    const { clock, settings } = this.#options;
    const nowMs = clock.now();
    dropGone(this.#queue, nowMs);
    const failure = this.#workers.persistentFailure;
    if (failure !== undefined) {
      const latestMs = nowMs - settings.responseTimeoutMs;
      const retryAfterMs = (this.#workers.nextStartAtMs ?? nowMs) - nowMs;
      dropStranded(this.#queue, failure, latestMs, retryAfterMs);
    }
    this.#scaler.check();
  }

  /** Answers who has waited or run for too long; see {@linkcode ClientDeadlines}. */
  #expire(latestMs: number): number | undefined {
    const { clientTimeoutMs } = this.#options.settings;
    const oldestMs = expireRequests(this.#queue, this.#workers, latestMs, clientTimeoutMs);
    if (this.#queue.size === 0) this.#dispatch();
    return oldestMs;
  }

  #readLoad(): PoolLoad {
    const nowMs = this.#options.clock.now();
    let idleSinceMs = nowMs;
    for (const worker of this.#workers) {
      idleSinceMs = Math.min(idleSinceMs, worker.idleSinceMs ?? nowMs);
    }
    return {
      workers: this.#workers.alive,
      unready: this.#workers.unready,
      waitingRequests: this.#queue.size,
      oldestWaitMs: this.oldestWaitMs,
      longestIdleMs: nowMs - idleSinceMs,
    };
  }

  #grow(waitedMs: number): void {
    this.#tellScaling(1, `the oldest request has waited ${waitedMs} ms`);
    this.#workers.start();
  }

  #shrink(idleMs: number): void {
    const idle = this.#workers.newestIdle;
    if (idle === undefined) return;
    this.#tellScaling(-1, `a worker has been idle for ${idleMs} ms`);
    this.#workers.stop(idle);
  }

  #tellScaling(difference: 1 | -1, reason: string): void {
    const from = this.#workers.alive;
    this.#options.events.onScaling?.({ from, to: from + difference, reason });
  }

  #createRefusal(call: PredictCall): ServeError {
    const { failure } = this;
    return failure === undefined ? createBusyError(call) : createFailedError(call, failure);
  }
}
