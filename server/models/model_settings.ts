import type { ModelOverrides } from "../config/mod.ts";
import type { Isolation } from "../scheduling/mod.ts";
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
  readonly scaleUpQueueMs: number;
  readonly scaleDownIdleMs: number;
  /** What workers run in whose archive does not say it. */
  readonly isolation: Isolation;
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
  /** 0: a request may take for ever. */
  readonly clientTimeoutMs: number;
  readonly usesJobTickets: boolean;
  readonly scaleUpQueueMs: number;
  readonly scaleDownIdleMs: number;
}

/** Upstream's default, milliseconds. */
const DEFAULT_MAX_BATCH_DELAY_MS = 100;

/** Upstream's default: a worker that has not loaded for this long is given up. */
const DEFAULT_MAX_RETRY_TIMEOUT_MS = 300_000;

/**
 * Merges what snapshot, request, archive and server say of one model, once.
 *
 * | setting | first to have a say |
 * | --- | --- |
 * | workers of a registered model | snapshot, archive (`minWorkers` ≤ `maxWorkers`), request, server |
 * | workers of a startup model | snapshot, archive, `models={…}`, server, one for each GPU, else core |
 * | batch size and delay | snapshot, request, archive, `models={…}`, 1 row and 100 ms |
 * | timeouts | snapshot, archive, `models={…}`, request, server |
 * | queue, scaling times | archive, server |
 * | the rest | archive |
 *
 * The order is upstream's, with one deviation: there an archive with a config file that does not mention
 * a timeout sets it to 120 s and silences request and server (T8). Here what a file does not say, it does
 * not set.
 *
 * @param overrides What the setting `models` says of this name and version.
 */
export function resolveModelSettings(
  request: RegisterRequest,
  config: ModelConfig,
  defaults: ModelDefaults,
  overrides: ModelOverrides = {},
): ModelSettings {
  const { restored } = request;
  const [minWorkers, maxWorkers] = resolveWorkers(request, config, defaults, overrides);
  return {
    minWorkers,
    maxWorkers,
    batchSize: restored?.batchSize ?? request.batchSize ?? config.batchSize ??
      overrides.batchSize ?? 1,
    maxBatchDelayMs: restored?.maxBatchDelayMs ?? request.maxBatchDelayMs ??
      config.maxBatchDelayMs ?? overrides.maxBatchDelayMs ?? DEFAULT_MAX_BATCH_DELAY_MS,
    queueCapacity: config.queueCapacity ?? defaults.queueCapacity,
    responseTimeoutMs: restored?.responseTimeoutMs ?? config.responseTimeoutMs ??
      overrides.responseTimeoutMs ?? request.responseTimeoutMs ?? defaults.responseTimeoutMs,
    startupTimeoutMs: restored?.startupTimeoutMs ?? config.startupTimeoutMs ??
      overrides.startupTimeoutMs ?? request.startupTimeoutMs ?? defaults.startupTimeoutMs,
    maxRetryTimeoutMs: config.maxRetryTimeoutMs ?? DEFAULT_MAX_RETRY_TIMEOUT_MS,
    clientTimeoutMs: config.clientTimeoutMs ?? 0,
    usesJobTickets: config.usesJobTickets ?? false,
    scaleUpQueueMs: config.scaleUpQueueMs ?? defaults.scaleUpQueueMs,
    scaleDownIdleMs: config.scaleDownIdleMs ?? defaults.scaleDownIdleMs,
  };
}

function resolveWorkers(
  request: RegisterRequest,
  config: ModelConfig,
  defaults: ModelDefaults,
  overrides: ModelOverrides,
): [min: number, max: number] {
  const { restored, isAtStartup } = request;
  if (restored?.minWorkers !== undefined) {
    return [restored.minWorkers, Math.max(restored.minWorkers, restored.maxWorkers ?? 0)];
  }
  const { minWorkers = 0, maxWorkers = 0 } = config;
  if (minWorkers > 0 && maxWorkers >= minWorkers) return [minWorkers, maxWorkers];
  if (isAtStartup === true && overrides.minWorkers !== undefined) {
    return [overrides.minWorkers, Math.max(overrides.minWorkers, overrides.maxWorkers ?? 0)];
  }
  const own = Math.max(0, request.initialWorkers ?? defaults.defaultWorkersPerModel);
  if (isAtStartup !== true || own > 0) return [own, own];
  const each = defaults.numberOfGpu > 0 ? defaults.numberOfGpu : defaults.numberOfCores;
  return [each, each];
}
