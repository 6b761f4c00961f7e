import type { OpenedArchive } from "../../archiver/mod.ts";
import { ServeError } from "../errors.ts";
import type { Answer, PredictCall, WorkerPool } from "../scheduling/mod.ts";
import type { ModelConfig } from "./model_config.ts";
import type {
  ModelDescription,
  RegisterRequest,
  ScaleOutcome,
  ScaleRequest,
} from "./model_description.ts";
import type { ModelSettings } from "./model_settings.ts";

/** Workers that one model version may have; each is a thread with a copy of the model. */
const MAX_WORKERS = 512;

export interface ModelVersionOptions {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly request: RegisterRequest;
  readonly runtime: string;
  readonly archive: OpenedArchive;
  readonly config: ModelConfig;
  readonly settings: ModelSettings;
  readonly pool: WorkerPool;
}

/** One registered version of a model: its unpacked archive, its settings and its workers. */
export class ModelVersion {
  readonly #options: ModelVersionOptions;
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

  /** Workers asked for. */
  get minWorkers(): number {
    return this.#minWorkers;
  }

  /** True while as many workers as asked for run or may come back by themselves. */
  get isHealthy(): boolean {
    return this.#options.pool.aliveWorkers >= this.#minWorkers;
  }

  predict(call: PredictCall): Promise<Answer> {
    return this.#options.pool.predict(call);
  }

  /**
   * Brings the workers between the two numbers; without `isSynchronous` it goes on in the background.
   *
   * @throws {ServeError} `invalid_argument` for numbers that make no sense, `workers_failed_to_start` or
   * `workers_out_of_memory` when a synchronous start failed.
   */
  async scale(request: Omit<ScaleRequest, "modelName">): Promise<ScaleOutcome> {
    const { minWorkers, maxWorkers } = request;
    if (maxWorkers < minWorkers) {
      throw new ServeError("invalid_argument", "max_worker cannot be less than min_worker.");
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
    if (outcomes.includes("out_of_memory")) throw this.#createStartError(request, true);
    if (outcomes.includes("failed")) throw this.#createStartError(request, false);
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
      deviceType: config.deviceType,
      deviceIds: config.deviceIds,
      loadedAtStartup: request.isAtStartup === true,
      workers: pool.describeWorkers(),
      remainingCapacity: pool.remainingCapacity,
      pendingRequests: pool.pendingRequests,
    };
  }

  /** Resolves once nothing waits and nothing runs. */
  drain(): Promise<void> {
    return this.#options.pool.drain();
  }

  /**
   * Stops the workers and removes what was unpacked.
   *
   * @param reason What still waits or runs is refused with; `server_stopping` unless given.
   */
  async close(reason?: ServeError): Promise<void> {
    await this.#options.pool.close(reason);
    await this.#options.archive.remove();
  }

  /** Upstream's text, which says `null` where no version was asked for. */
  #createStartError(
    request: { readonly modelVersion?: string },
    isOutOfMemory: boolean,
  ): ServeError {
    return new ServeError(
      isOutOfMemory ? "workers_out_of_memory" : "workers_failed_to_start",
      `Failed to start workers for model ${this.modelName} version: ${
        request.modelVersion ?? "null"
      }`,
    );
  }
}
