import type { ServeError } from "../errors.ts";
import {
  ModelWorker,
  type ModelWorkerEvents,
  type ModelWorkerOptions,
  type StartOutcome,
} from "./model_worker.ts";
import type { WorkerDescription, WorkerFailure } from "./worker_description.ts";

/** Failures in a row after which a worker counts as one that fails at every start. */
const PERSISTENT_FAILURES = 2;

export interface WorkerGroupOptions {
  /** What all its workers have in common. */
  readonly common: Omit<ModelWorkerOptions, "id" | "gpuId">;
  /** The next worker's device: its index, or `null` for the CPU. */
  readonly nextGpuId: () => number | null;
  readonly nextWorkerId: () => string;
  readonly events: ModelWorkerEvents;
  /** A stopped worker is gone. */
  readonly onGone: () => void;
}

/** The workers of one model version, in the order of their start: who there is, and what is the matter with them. */
export class WorkerGroup {
  readonly #options: WorkerGroupOptions;
  readonly #workers = new Map<string, ModelWorker>();
  readonly #stopping = new Set<Promise<void>>();

  constructor(options: WorkerGroupOptions) {
    this.#options = options;
  }

  [Symbol.iterator](): IterableIterator<ModelWorker> {
    return this.#workers.values();
  }

  /** Workers that run or may come back by themselves. */
  get alive(): number {
    let alive = 0;
    for (const worker of this.#workers.values()) if (worker.isAlive) alive++;
    return alive;
  }

  /** Those that are starting, waiting for a restart, given up, or on their way out. */
  get unready(): number {
    let unready = 0;
    for (const worker of this.#workers.values()) if (worker.state !== "ready") unready++;
    return unready;
  }

  get idle(): number {
    let idle = 0;
    for (const worker of this.#workers.values()) if (worker.idleSinceMs !== undefined) idle++;
    return idle;
  }

  /** The newest idle one: the older ones are given work first. */
  get newestIdle(): ModelWorker | undefined {
    return [...this.#workers.values()].findLast((worker) => worker.idleSinceMs !== undefined);
  }

  get isBusy(): boolean {
    for (const worker of this.#workers.values()) if (worker.inFlight.size > 0) return true;
    return false;
  }

  /** The first reason, once every worker has been given up; absent while one is alive or none is wanted. */
  get failure(): WorkerFailure | undefined {
    let failure: WorkerFailure | undefined;
    for (const worker of this.#workers.values()) {
      if (worker.isAlive) return undefined;
      if (worker.state === "failed") failure ??= worker.failure;
    }
    return failure;
  }

  /** The first reason while every worker that is alive fails at every start. */
  get persistentFailure(): WorkerFailure | undefined {
    let failure: WorkerFailure | undefined;
    for (const worker of this.#workers.values()) {
      if (!worker.isAlive) continue;
      if ((worker.recovery?.failures ?? 0) < PERSISTENT_FAILURES) return undefined;
      failure ??= worker.failure;
    }
    return failure;
  }

  /** When the first of those that wait for it is started again; absent if none does. */
  get nextStartAtMs(): number | undefined {
    let nextMs: number | undefined;
    for (const { nextStartAtMs } of this.#workers.values()) {
      if (nextStartAtMs !== undefined) nextMs = Math.min(nextMs ?? Infinity, nextStartAtMs);
    }
    return nextMs;
  }

  describe(): WorkerDescription[] {
    return [...this.#workers.values()].map((worker) => worker.describe());
  }

  /** @returns How the start ended. */
  start(): Promise<StartOutcome> {
    const { common, nextGpuId, nextWorkerId, events } = this.#options;
    const worker = new ModelWorker({ ...common, id: nextWorkerId(), gpuId: nextGpuId() }, events);
    this.#workers.set(worker.id, worker);
    worker.start();
    return worker.firstStart;
  }

  /** Lets the worker finish what it holds; resolves once it is gone. */
  stop(worker: ModelWorker): Promise<void> {
    return this.#forget(worker, worker.stop());
  }

  /** Fails what the workers hold and ends them all. */
  async abandonAll(reason: ServeError): Promise<void> {
    for (const worker of this.#workers.values()) this.#forget(worker, worker.abandon(reason));
    while (this.#stopping.size > 0) await Promise.all(this.#stopping);
  }

  #forget(worker: ModelWorker, ended: Promise<void>): Promise<void> {
    const forgotten = ended.then(() => {
      this.#workers.delete(worker.id);
      this.#stopping.delete(forgotten);
      this.#options.onGone();
    });
    this.#stopping.add(forgotten);
    return forgotten;
  }
}
