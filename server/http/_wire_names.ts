/** Upstream's names outside, ours inside: the one file of the REST routes that knows both. */
import type { ModelDescription, RegisterRequest, WorkerDescription } from "../models/mod.ts";
import { ServeError } from "../errors.ts";
import { type Parameters, toBoolean, toInteger } from "./_query.ts";

const MS_PER_S = 1000;

/** Parameters of `POST /models` as the request they mean; a negative number is as if it had not been sent. */
export function toRegisterRequest(parameters: Parameters): RegisterRequest {
  const url = parameters.get("url");
  if (url === undefined) throw new ServeError("invalid_argument", "Parameter url is required.");
  if (url === "") throw new ServeError("archive_not_found", "empty url");
  const initialWorkers = toInteger(parameters, "initial_workers");
  return {
    url,
    modelName: toText(parameters, "model_name"),
    handler: toText(parameters, "handler"),
    runtime: toText(parameters, "runtime"),
    batchSize: toAtLeast(1, toInteger(parameters, "batch_size")),
    maxBatchDelayMs: toAtLeast(0, toInteger(parameters, "max_batch_delay")),
    initialWorkers: initialWorkers === undefined ? undefined : Math.max(0, initialWorkers),
    responseTimeoutMs: toMs(toAtLeast(0, toInteger(parameters, "response_timeout"))),
    startupTimeoutMs: toMs(toAtLeast(0, toInteger(parameters, "startup_timeout"))),
    isSynchronous: toBoolean(parameters, "synchronous", true),
  };
}

/** What `PUT /models/{name}` asks for beside the name. */
export interface ScaleParameters {
  readonly modelVersion: string | undefined;
  readonly minWorkers: number;
  readonly maxWorkers: number;
  readonly isSynchronous: boolean;
}

export function toScaleParameters(parameters: Parameters): ScaleParameters {
  const minWorkers = toInteger(parameters, "min_worker") ?? 1;
  const maxWorkers = toInteger(parameters, "max_worker") ?? minWorkers;
  if (maxWorkers < minWorkers) {
    throw new ServeError("invalid_argument", "max_worker cannot be less than min_worker.");
  }
  if (minWorkers < 0) {
    throw new ServeError(
      "invalid_argument",
      `Cannot scale a model: min_worker must be an integer from 0, received "${minWorkers}"`,
    );
  }
  return {
    modelVersion: toText(parameters, "model_version"),
    minWorkers,
    maxWorkers,
    isSynchronous: toBoolean(parameters, "synchronous", false),
  };
}

/** One model version in upstream's field order; what upstream has no name for stands in `workers`, last. */
export function toWireDescription(model: ModelDescription): Record<string, unknown> {
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
  };
}

/** Workers are threads of this process, so its id is theirs; upstream has two states, `state` has the real one. */
function toWireWorker(worker: WorkerDescription): Record<string, unknown> {
  return {
    id: worker.id,
    startTime: new Date(worker.startedAtMs).toISOString(),
    status: worker.state === "ready" ? "READY" : "UNLOADING",
    memoryUsage: 0,
    pid: Deno.pid,
    gpu: worker.gpuId !== null,
    gpuUsage: worker.gpuId === null ? "N/A" : `gpuId::${worker.gpuId}`,
    state: worker.state,
    executionProvider: worker.executionProvider,
    failure: worker.failure,
  };
}

function toText(parameters: Parameters, name: string): string | undefined {
  const text = parameters.get(name);
  return text === "" ? undefined : text;
}

function toAtLeast(minimum: number, value: number | undefined): number | undefined {
  return value !== undefined && value >= minimum ? value : undefined;
}

function toMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * MS_PER_S;
}
