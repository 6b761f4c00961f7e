/** Why a pool answers a request itself. Texts are for clients: no path of this machine is in them. */
import { ServeError } from "../errors.ts";
import { hidePaths } from "./hide_paths.ts";
import type { PredictCall } from "./predict_call.ts";
import type { WorkerFailure } from "./worker_description.ts";

/** Characters of a worker's reason that a client is told. */
const MAX_REASON_LENGTH = 500;

/** No worker, no place in the queue, no idle worker: upstream's one text for all, clients match on it. */
export function createBusyError(call: PredictCall): ServeError {
  return new ServeError(
    "model_busy",
    `${
      createNoWorkerText(call)
    } Please use scale workers API to add workers. If this is a sequence inference, please check if it is closed, or expired; or exceeds maxSequenceJobQueueSize`,
  );
}

/**
 * Nobody can answer, and this is why.
 *
 * @param retryAfterMs Until a worker is started again; absent: all are given up.
 */
export function createFailedError(
  call: PredictCall,
  failure: WorkerFailure,
  retryAfterMs?: number,
): ServeError {
  const way = retryAfterMs === undefined
    ? "They are not restarted any more, use the scale workers API once the cause is mended"
    : "They are being restarted, try again later";
  return new ServeError(
    "model_failed",
    `${createNoWorkerText(call)} Its workers failed: ${toReason(failure)}. ${way}`,
    { retryAfterMs },
  );
}

export function createTimeoutError(call: PredictCall, clientTimeoutMs: number): ServeError {
  return new ServeError(
    "request_timed_out",
    `Cannot answer the request in time: clientTimeoutInMills of model "${call.modelName}" allows ${clientTimeoutMs} ms`,
  );
}

export function createCancelledError(): ServeError {
  return new ServeError("request_cancelled", "The client closed the connection");
}

export function createStoppingError(): ServeError {
  return new ServeError("server_stopping", "Cannot take the request: the server is stopping");
}

/** Upstream's, with its stray quote where a version was asked for. */
function createNoWorkerText({ modelName, modelVersion }: PredictCall): string {
  const version = modelVersion === undefined ? "" : ` Version ${modelVersion}"`;
  return `Model "${modelName}"${version} has no worker to serve inference request.`;
}

function toReason({ message, file, line }: WorkerFailure): string {
  const place = file === undefined ? "" : ` (${line === undefined ? file : `${file}:${line}`})`;
  const text = hidePaths(message).replace(/\.+$/, "");
  const isLong = text.length > MAX_REASON_LENGTH;
  return (isLong ? `${text.slice(0, MAX_REASON_LENGTH)}…` : text) + place;
}
