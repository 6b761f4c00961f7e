/** What the paths refer to: the shapes of answers, the errors that many of them share, the tokens. */
import { INTEGER, objectOf, REQUEST_ID, schemaRef, TEXT } from "./_builders.ts";
import type { DescribedResponse, Schema, SecurityScheme } from "./document.ts";

const NO_WORKER =
  'Model "mnist" has no worker to serve inference request. Please use scale workers API to add ' +
  "workers. If this is a sequence inference, please check if it is closed, or expired; or exceeds " +
  "maxSequenceJobQueueSize";

/** One failure that several operations share. */
interface SharedError {
  readonly description: string;
  readonly type: string;
  readonly message: string;
}

const SHARED_ERRORS: Readonly<Record<number, SharedError>> = {
  400: {
    description:
      "The request cannot be read, a parameter is missing or wrong, or the token is not accepted " +
      "(`InvalidKeyException`; 401 is not used).",
    type: "BadRequestException",
    message: "Parameter url is required.",
  },
  403: {
    description:
      "Not allowed: a browser page of another origin, a `Host` that is not this server, " +
      "or a default version that others stand beside.",
    type: "InvalidModelVersionException",
    message: "Cannot remove default version for model mnist",
  },
  404: {
    description: "There is no such model, version or archive.",
    type: "ModelNotFoundException",
    message: "Model not found: mnist",
  },
  405: {
    description: "Registering and unregistering are switched off: `enable_model_api` is not set.",
    type: "MethodNotAllowedException",
    message: "Requested method is not allowed, please refer to API document.",
  },
  408: {
    description:
      "Something took too long: the body's arrival, or requests that were to be finished.",
    type: "RequestTimeoutException",
    message: "Cannot read the request: its body did not arrive in time",
  },
  409: {
    description: "The version is registered already, or was replaced meanwhile.",
    type: "ConflictStatusException",
    message: "Model version 1.0 is already registered for model mnist",
  },
  500: {
    description: "The server or a worker failed; the log has more under the request's id.",
    type: "InternalServerException",
    message: "Worker died.",
  },
  503: {
    description:
      "No worker can take the request, the queue is full, the server stops, or the handler " +
      "failed (`InternalServerException`).",
    type: "ServiceUnavailableException",
    message: NO_WORKER,
  },
  507: {
    description: "A worker ran out of memory.",
    type: "InternalServerException",
    message: "Out of resources",
  },
};

/** By name, as `errors()` in `_builders.ts` refers to them. */
export const ERROR_RESPONSES: Readonly<Record<string, DescribedResponse>> = {
  ...Object.fromEntries(Object.entries(SHARED_ERRORS).map(toNamedResponse)),
  Error413: {
    description: "The body is larger than `max_request_size`. Nothing else is answered.",
  },
};

function toNamedResponse(
  [status, { description, type, message }]: [string, SharedError],
): [string, DescribedResponse] {
  return [`Error${status}`, {
    description,
    headers: REQUEST_ID,
    content: {
      "application/json": {
        schema: schemaRef("Error"),
        example: { code: Number(status), type, message },
      },
    },
  }];
}

export const ERROR_SCHEMA: Schema = objectOf({
  code: { ...INTEGER, description: "The HTTP status again." },
  type: { ...TEXT, description: "What went wrong, for programs." },
  message: { ...TEXT, description: "What went wrong, for people; the text may change." },
});

export const STATUS_SCHEMA: Schema = objectOf({ status: TEXT });

export const BEARER_SCHEME: SecurityScheme = {
  type: "http",
  scheme: "bearer",
  description: "A key of `key_file.json` in the folder that the server was started in: " +
    "`inference` for predictions, `management` for models, `API` for new keys.",
};
