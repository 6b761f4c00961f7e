/**
 * What can go wrong while serving, as codes that programs may branch on.
 *
 * No HTTP here: `server/http/` maps each code to its wire form in one exhaustive table.
 */

export type ServeErrorCode =
  | "answer_too_large"
  | "archive_invalid"
  | "archive_not_found"
  | "batch_out_of_memory"
  | "description_failed"
  | "download_failed"
  | "handler_rejected"
  | "host_not_allowed"
  | "invalid_argument"
  | "method_not_allowed"
  | "model_already_registered"
  | "model_busy"
  | "model_failed"
  | "model_file_exists"
  | "model_not_found"
  | "model_replaced"
  | "model_version_is_default"
  | "model_version_not_found"
  | "origin_not_allowed"
  | "prediction_failed"
  | "request_cancelled"
  | "request_timed_out"
  | "request_too_large"
  | "resource_not_found"
  | "server_stopping"
  | "token_not_accepted"
  | "unregister_timed_out"
  | "worker_died"
  | "worker_index_out_of_bounds"
  | "workers_failed_to_start"
  | "workers_out_of_memory"
  | "workflow_not_found";

export interface ServeErrorOptions {
  /** What caused it; goes to the log, never to a client. */
  readonly cause?: unknown;
  /** For `handler_rejected` alone: the status the handler asked for, 100–599. */
  readonly handlerStatus?: number;
  /** When another try may go better, milliseconds from now; absent where nobody knows. */
  readonly retryAfterMs?: number;
}

/**
 * A failure that a client may be told of. `message` is written for clients: it holds no path of this
 * machine and no stack.
 */
export class ServeError extends Error {
  override readonly name = "ServeError";
  readonly code: ServeErrorCode;
  readonly handlerStatus?: number;
  readonly retryAfterMs?: number;

  constructor(code: ServeErrorCode, message: string, options: ServeErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.handlerStatus = options.handlerStatus;
    this.retryAfterMs = options.retryAfterMs;
  }
}
