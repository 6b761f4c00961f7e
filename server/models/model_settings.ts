import type { ModelConfig } from "./model_config.ts";
import type { RegisterRequest } from "./model_description.ts";

/** A server's own values, for what neither request nor archive says. */
export interface ModelDefaults {
  /** For models that the command line or the config names; 0 is one for each device, else each core. */
  readonly defaultWorkersPerModel: number;
  readonly numberOfGpu: number;
  readonly numberOfCores: number;
  readonly queueCapacity: number;
  readonly responseTimeoutMs: number;
  readonly startupTimeoutMs: number;
}

/** What one model version runs with. */
export interface ModelSettings {
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly batchSize: number;
  readonly maxBatchDelayMs: number;
  readonly queueCapacity: number;
  readonly responseTimeoutMs: number;
  readonly startupTimeoutMs: number;
  readonly maxRetryTimeoutMs: number;
}

/** Upstream's default, milliseconds. */
const DEFAULT_MAX_BATCH_DELAY_MS = 100;

/** Upstream's default: a worker that has not loaded for this long is given up. */
const DEFAULT_MAX_RETRY_TIMEOUT_MS = 300_000;

/**
 * Merges what request, archive and server say of one model, once.
 *
 * | setting | first to have a say |
 * | --- | --- |
 * | workers | archive (`minWorkers` ≤ `maxWorkers`), request, server |
 * | batch size and delay | request, archive, 1 row and 100 ms |
 * | timeouts | archive, request, server |
 * | queue | archive, server |
 *
 * The order is upstream's, but a config file that does not mention a timeout does not set it.
 */
export function resolveModelSettings(
  request: RegisterRequest,
  config: ModelConfig,
  defaults: ModelDefaults,
): ModelSettings {
  const [minWorkers, maxWorkers] = resolveWorkers(request, config, defaults);
  return {
    minWorkers,
    maxWorkers,
    batchSize: request.batchSize ?? config.batchSize ?? 1,
    maxBatchDelayMs: request.maxBatchDelayMs ?? config.maxBatchDelayMs ??
      DEFAULT_MAX_BATCH_DELAY_MS,
    queueCapacity: config.queueCapacity ?? defaults.queueCapacity,
    responseTimeoutMs: config.responseTimeoutMs ?? request.responseTimeoutMs ??
      defaults.responseTimeoutMs,
    startupTimeoutMs: config.startupTimeoutMs ?? request.startupTimeoutMs ??
      defaults.startupTimeoutMs,
    maxRetryTimeoutMs: config.maxRetryTimeoutMs ?? DEFAULT_MAX_RETRY_TIMEOUT_MS,
  };
}

function resolveWorkers(
  request: RegisterRequest,
  config: ModelConfig,
  defaults: ModelDefaults,
): [min: number, max: number] {
  const { minWorkers = 0, maxWorkers = 0 } = config;
  if (minWorkers > 0 && maxWorkers >= minWorkers) return [minWorkers, maxWorkers];
  const own = request.initialWorkers ?? defaults.defaultWorkersPerModel;
  if (request.isAtStartup !== true || own > 0) return [Math.max(0, own), Math.max(0, own)];
  const each = defaults.numberOfGpu > 0 ? defaults.numberOfGpu : defaults.numberOfCores;
  return [each, each];
}
