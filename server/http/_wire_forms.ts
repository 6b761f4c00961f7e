import type { ServeError, ServeErrorCode } from "../errors.ts";

/** How HTTP says a failure: the status, and the exception name that TorchServe's clients know. */
export interface WireForm {
  readonly status: number;
  readonly type: string;
  /** Seconds of `retry-after` for errors that do not say when another try may go better. */
  readonly retryAfterS?: number;
}

/** The one place that gives errors an HTTP status; a code without one does not compile. */
export const WIRE_FORM_BY_CODE = {
  answer_too_large: { status: 500, type: "InternalServerException" },
  archive_invalid: { status: 400, type: "InvalidModelException" },
  archive_not_found: { status: 404, type: "ModelNotFoundException" },
  batch_out_of_memory: { status: 507, type: "InternalServerException" },
  description_failed: { status: 500, type: "InternalServerException" },
  download_failed: { status: 400, type: "DownloadArchiveException" },
  handler_rejected: { status: 500, type: "InternalServerException" },
  host_not_allowed: { status: 403, type: "ForbiddenException" },
  invalid_argument: { status: 400, type: "BadRequestException" },
  method_not_allowed: { status: 405, type: "MethodNotAllowedException" },
  model_already_registered: { status: 409, type: "ConflictStatusException" },
  model_busy: { status: 503, type: "ServiceUnavailableException", retryAfterS: 1 },
  model_failed: { status: 503, type: "ServiceUnavailableException" },
  model_file_exists: { status: 500, type: "InternalServerException" },
  model_not_found: { status: 404, type: "ModelNotFoundException" },
  model_replaced: { status: 409, type: "ConflictStatusException" },
  model_version_is_default: { status: 403, type: "InvalidModelVersionException" },
  model_version_not_found: { status: 404, type: "ModelVersionNotFoundException" },
  origin_not_allowed: { status: 403, type: "ForbiddenException" },
  prediction_failed: { status: 503, type: "InternalServerException" },
  request_cancelled: { status: 499, type: "InternalServerException" },
  request_timed_out: { status: 503, type: "ServiceUnavailableException", retryAfterS: 1 },
  request_too_large: { status: 413, type: "InternalServerException" },
  resource_not_found: { status: 404, type: "ResourceNotFoundException" },
  server_stopping: { status: 503, type: "ServiceUnavailableException" },
  token_not_accepted: { status: 400, type: "InvalidKeyException" },
  unregister_timed_out: { status: 408, type: "RequestTimeoutException" },
  worker_died: { status: 500, type: "InternalServerException" },
  worker_index_out_of_bounds: { status: 500, type: "IndexOutOfBoundsException" },
  workers_failed_to_start: { status: 500, type: "InternalServerException" },
  workers_out_of_memory: { status: 507, type: "InternalServerException" },
  workflow_not_found: { status: 404, type: "WorkflowNotFoundException" },
} as const satisfies Record<ServeErrorCode, WireForm>;

/**
 * The wire form of one failure. A handler chooses its own status; 413 would read as the client's fault,
 * so TorchServe sends 507 for it, and a status that no response may have (1xx) becomes 500.
 */
export function toWireForm(error: ServeError): WireForm {
  const form: WireForm = WIRE_FORM_BY_CODE[error.code];
  if (error.code !== "handler_rejected" || error.handlerStatus === undefined) return form;
  if (error.handlerStatus === 413) return { status: 507, type: form.type };
  const isSendable = error.handlerStatus >= 200 && error.handlerStatus <= 599;
  return isSendable ? { status: error.handlerStatus, type: form.type } : form;
}

/** Seconds for the header `retry-after`, 1 or more; absent where nobody knows when another try may go better. */
export function toRetryAfterS(error: ServeError): number | undefined {
  if (error.retryAfterMs !== undefined) return Math.max(1, Math.ceil(error.retryAfterMs / 1000));
  const form: WireForm = WIRE_FORM_BY_CODE[error.code];
  return form.retryAfterS;
}
