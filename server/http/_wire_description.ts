/** What `GET /models/{name}` tells: our names inside, upstream's outside. */
import type { CustomizedMetadata, ModelDescription, WorkerDescription } from "../models/mod.ts";

const MS_PER_S = 1000;

/**
 * One model version in upstream's field order; what upstream has no name for comes last, and last in
 * `workers`.
 *
 * @param customizedMetadata What the handler says of itself, where it was asked.
 */
export function toWireDescription(
  model: ModelDescription,
  customizedMetadata?: CustomizedMetadata,
): Record<string, unknown> {
  return {
    modelName: model.modelName,
    modelVersion: model.modelVersion,
    modelUrl: model.modelUrl,
    runtime: model.runtime,
    minWorkers: model.minWorkers,
    maxWorkers: model.maxWorkers,
    batchSize: model.batchSize,
    maxBatchDelay: model.maxBatchDelayMs,
    responseTimeout: model.responseTimeoutMs / MS_PER_S,
    startupTimeout: model.startupTimeoutMs / MS_PER_S,
    maxRetryTimeoutInSec: model.maxRetryTimeoutMs / MS_PER_S,
    clientTimeoutInMills: model.clientTimeoutMs ?? 0,
    parallelType: "",
    parallelLevel: 0,
    deviceType: model.deviceType,
    deviceIds: model.deviceIds,
    continuousBatching: false,
    useJobTicket: model.usesJobTickets ?? false,
    useVenv: false,
    stateful: false,
    sequenceMaxIdleMSec: 0,
    sequenceTimeoutMSec: 0,
    maxNumSequence: 0,
    maxSequenceJobQueueSize: 0,
    loadedAtStartup: model.loadedAtStartup,
    workers: model.workers.map(toWireWorker),
    jobQueueStatus: {
      remainingCapacity: model.remainingCapacity,
      pendingRequests: model.pendingRequests,
    },
    customizedMetadata,
    state: model.state,
    defaultVersion: model.isDefault,
    failure: model.failure,
    shadow: model.shadow,
  };
}

/**
 * Upstream has two states, `state` has the real one. A worker that is a thread of this process has its id;
 * what a thread alone takes of the memory cannot be told, the process's is in the metrics.
 */
function toWireWorker(worker: WorkerDescription): Record<string, unknown> {
  return {
    id: worker.id,
    startTime: new Date(worker.startedAtMs).toISOString(),
    status: worker.state === "ready" ? "READY" : "UNLOADING",
    memoryUsage: worker.process?.memoryBytes ?? 0,
    pid: worker.process?.pid ?? Deno.pid,
    gpu: worker.gpuId !== null,
    gpuUsage: worker.gpuId === null ? "N/A" : `gpuId::${worker.gpuId}`,
    state: worker.state,
    executionProvider: worker.executionProvider,
    failure: worker.failure,
  };
}
