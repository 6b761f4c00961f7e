/** The keys of a `model-config.yaml` as data: what the server reads, and what it does not. */

import type { Isolation, RecycleRules, WarmupRequest } from "../scheduling/mod.ts";

/** What the server reads of an archive's `model-config.yaml`; the handler sees the whole file. */
export interface ModelConfig {
  readonly minWorkers?: number;
  readonly maxWorkers?: number;
  readonly batchSize?: number;
  readonly maxBatchDelayMs?: number;
  readonly responseTimeoutMs?: number;
  readonly startupTimeoutMs?: number;
  readonly maxRetryTimeoutMs?: number;
  readonly clientTimeoutMs?: number;
  readonly queueCapacity?: number;
  readonly usesJobTickets?: boolean;
  readonly scaleUpQueueMs?: number;
  readonly scaleDownIdleMs?: number;
  readonly deviceType?: "cpu" | "gpu";
  readonly deviceIds?: readonly number[];
  readonly warmup?: readonly WarmupRequest[];
  readonly isolation?: Isolation;
  readonly memoryLimitBytes?: number;
  readonly recycle?: RecycleRules;
}

const BYTES_PER_MB = 1024 * 1024;

interface NumberKey {
  readonly key: keyof ModelConfig;
  readonly min: number;
  /** From its unit to ours. */
  readonly factor: number;
  /** The value that says "not set". */
  readonly absent?: number;
}

/**
 * Keys whose values are whole numbers. The last three are not upstream's.
 *
 * | key | unit | not set | |
 * | --- | --- | --- | --- |
 * | `minWorkers`, `maxWorkers` | workers | | used only together, with `maxWorkers` ≥ `minWorkers` |
 * | `batchSize` | rows | | |
 * | `maxBatchDelay` | ms | 0 | |
 * | `responseTimeout`, `startupTimeout` | s | | |
 * | `maxRetryTimeoutInSec` | s | | 0: a worker that fails is not started again |
 * | `clientTimeoutInMills` | ms | 0 | |
 * | `jobQueueSize` | requests | 0 | |
 * | `scaleUpQueueTime` | ms | | 0: no worker is added |
 * | `scaleDownIdleTime` | ms | | |
 * | `memoryLimitMb` | MB of 1,048,576 bytes | 0 | of a worker with a process of its own |
 */
export const NUMBER_KEYS: Readonly<Record<string, NumberKey>> = {
  minWorkers: { key: "minWorkers", min: 1, factor: 1 },
  maxWorkers: { key: "maxWorkers", min: 0, factor: 1 },
  batchSize: { key: "batchSize", min: 1, factor: 1 },
  maxBatchDelay: { key: "maxBatchDelayMs", min: 0, factor: 1, absent: 0 },
  responseTimeout: { key: "responseTimeoutMs", min: 1, factor: 1_000 },
  startupTimeout: { key: "startupTimeoutMs", min: 1, factor: 1_000 },
  maxRetryTimeoutInSec: { key: "maxRetryTimeoutMs", min: 0, factor: 1_000 },
  clientTimeoutInMills: { key: "clientTimeoutMs", min: 0, factor: 1, absent: 0 },
  jobQueueSize: { key: "queueCapacity", min: 0, factor: 1, absent: 0 },
  scaleUpQueueTime: { key: "scaleUpQueueMs", min: 0, factor: 1 },
  scaleDownIdleTime: { key: "scaleDownIdleMs", min: 1, factor: 1 },
  memoryLimitMb: { key: "memoryLimitBytes", min: 0, factor: BYTES_PER_MB, absent: 0 },
};

const ONE_DEVICE = "a worker runs on one device";
const NO_PYTHON = "workers are threads of the server, no Python process is started";
const NO_SEQUENCES = "requests are independent of each other, sequences are not kept together";

/** Upstream's keys that mean nothing here, each with the reason. */
export const INERT_KEYS: Readonly<Record<string, string>> = {
  parallelType: ONE_DEVICE,
  parallelLevel: ONE_DEVICE,
  torchrun: NO_PYTHON,
  pippy: ONE_DEVICE,
  deepspeed: ONE_DEVICE,
  useVenv: NO_PYTHON,
  asyncCommunication: "workers are fed ahead of time anyway",
  continuousBatching: "a batch is answered as a whole, stream its answers instead",
  sequenceBatching: NO_SEQUENCES,
  sequenceMaxIdleMSec: NO_SEQUENCES,
  sequenceTimeoutMSec: NO_SEQUENCES,
  maxNumSequence: NO_SEQUENCES,
  maxSequenceJobQueueSize: NO_SEQUENCES,
};
