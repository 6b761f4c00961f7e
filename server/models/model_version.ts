import type { OpenedArchive } from "../../archiver/reading.ts";
import { ServeError } from "../errors.ts";
import type { Answer, Clock, PredictCall, WorkerPool } from "../scheduling/mod.ts";
import { askForMetadata, type CustomizedMetadata } from "./customized_metadata.ts";
import type { ModelConfig } from "./model_config.ts";
import type {
  ModelDescription,
  RegisterRequest,
  ScaleOutcome,
  ScaleRequest,
} from "./model_description.ts";
import { createStartError } from "./registry_errors.ts";
import type { ModelSettings } from "./model_settings.ts";
import type { ShadowTarget } from "./shadow_copier.ts";
import type { StoredArchive } from "./stored_archive.ts";
import {
  isHealthy,
  toVersionState,
  type VersionPhase,
  type VersionState,
} from "./version_state.ts";

/** Workers that one model version may have; each is a thread with a copy of the model. */
const MAX_WORKERS = 512;

export interface ModelVersionOptions {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly request: RegisterRequest;
  readonly runtime: string;
  readonly archive: OpenedArchive;
  readonly stored: StoredArchive;
  readonly config: ModelConfig;
  readonly settings: ModelSettings;
  readonly pool: WorkerPool;
  readonly clock: Clock;
}

/** One registered version of a model: its unpacked archive, its settings and its workers. */
export class ModelVersion implements ShadowTarget {
  readonly #options: ModelVersionOptions;
  #phase: VersionPhase = "serving";
  #minWorkers: number;
  #maxWorkers: number;

  constructor(options: ModelVersionOptions) {
    this.#options = options;
    this.#minWorkers = options.settings.minWorkers;
    this.#maxWorkers = options.settings.maxWorkers;
  }

  get modelName(): string {
    return this.#options.modelName;
  }

  get modelVersion(): string {
    return this.#options.modelVersion;
  }

  get modelUrl(): string {
    return this.#options.request.url;
  }

  /** What it was unpacked from. */
  get stored(): StoredArchive {
    return this.#options.stored;
  }

  /** Workers asked for. */
  get minWorkers(): number {
    return this.#minWorkers;
  }

  get maxWorkers(): number {
    return this.#maxWorkers;
  }

  /** What it was registered with. */
  get request(): RegisterRequest {
    return this.#options.request;
  }

  get aliveWorkers(): number {
    return this.#options.pool.aliveWorkers;
  }

  get state(): VersionState {
    const workers = this.#options.pool.describeWorkers();
    return toVersionState({ phase: this.#phase, minWorkers: this.#minWorkers, workers });
  }

  /** True while as many workers as asked for run or may come back by themselves. */
  get isHealthy(): boolean {
    const workers = this.#options.pool.describeWorkers();
    return isHealthy({ minWorkers: this.#minWorkers, workers });
  }

  predict(call: PredictCall): Promise<Answer> {
    return this.#options.pool.predict(call);
  }

  /**
   * Brings the workers between the two numbers; without `isSynchronous` it goes on in the background.
   *
   * @throws {ServeError} `invalid_argument` or `worker_index_out_of_bounds` for numbers that make no sense,
   * `workers_failed_to_start` or `workers_out_of_memory` when a synchronous start failed.
   */
  async scale(request: Omit<ScaleRequest, "modelName">): Promise<ScaleOutcome> {
    const { minWorkers, maxWorkers } = request;
    if (maxWorkers < minWorkers) {
      throw new ServeError("invalid_argument", "max_worker cannot be less than min_worker.");
    }
    if (maxWorkers < 0) {
      // Upstream's answer; its clients test for it.
      throw new ServeError(
        "worker_index_out_of_bounds",
        "Index -1 out of bounds for length 0",
      );
    }
    if (minWorkers < 0 || maxWorkers > MAX_WORKERS) {
      throw new ServeError(
        "invalid_argument",
        `Cannot scale "${this.modelName}": min_worker and max_worker must be from 0 to ${MAX_WORKERS}, received ${minWorkers} and ${maxWorkers}`,
      );
    }
    this.#minWorkers = minWorkers;
    this.#maxWorkers = maxWorkers;
    const scaled = this.#options.pool.scale(minWorkers, maxWorkers);
    if (!request.isSynchronous) return "accepted";
    const outcomes = await scaled;
    if (outcomes.includes("out_of_memory")) throw createStartError(this, request, true);
    if (outcomes.includes("failed")) throw createStartError(this, request);
    return this.#options.pool.aliveWorkers >= minWorkers ? "complete" : "partial";
  }

  describe(isDefault: boolean): ModelDescription {
    const { modelName, modelVersion, request, runtime, config, settings, pool } = this.#options;
    return {
      modelName,
      modelVersion,
      modelUrl: request.url,
      runtime,
      handler: request.handler,
      isDefault,
      minWorkers: this.#minWorkers,
      maxWorkers: this.#maxWorkers,
      batchSize: settings.batchSize,
      maxBatchDelayMs: settings.maxBatchDelayMs,
      responseTimeoutMs: settings.responseTimeoutMs,
      startupTimeoutMs: settings.startupTimeoutMs,
      maxRetryTimeoutMs: settings.maxRetryTimeoutMs,
      clientTimeoutMs: settings.clientTimeoutMs,
      usesJobTickets: settings.usesJobTickets,
      deviceType: config.deviceType,
      deviceIds: config.deviceIds,
      loadedAtStartup: request.isAtStartup === true,
      workers: pool.describeWorkers(),
      remainingCapacity: pool.remainingCapacity,
      pendingRequests: pool.pendingRequests,
      state: this.state,
      failure: pool.failure,
    };
  }

  /** What the handler says of itself; see {@linkcode askForMetadata}. */
  describeCustomized(): Promise<CustomizedMetadata> {
    const { modelName, modelVersion, settings, clock, pool } = this.#options;
    const timeoutMs = settings.responseTimeoutMs;
    return askForMetadata({
      modelName,
      modelVersion,
      timeoutMs,
      clock,
      predict: (call) => pool.predict(call),
    });
  }

  /** Resolves once nothing waits and nothing runs; nobody sends it requests any more. */
  drain(): Promise<void> {
    if (this.#phase === "serving") this.#phase = "draining";
    return this.#options.pool.drain();
  }

  /**
   * Stops the workers and removes what was unpacked.
   *
   * @param reason What still waits or runs is refused with; `server_stopping` unless given.
   */
  async close(reason?: ServeError): Promise<void> {
    if (this.#phase === "serving") this.#phase = "draining";
    await this.#options.pool.close(reason);
    await this.#options.archive.remove();
    this.#phase = "removed";
  }
}
