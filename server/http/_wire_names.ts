/** Upstream's parameters of the management calls, as the requests that they mean. */
import type { RegisterRequest } from "../models/mod.ts";
import { ServeError } from "../errors.ts";
import { type Parameters, toBoolean, toInteger } from "./_query.ts";

const MS_PER_S = 1000;

/** Runtimes that upstream's clients ask for, and ours. */
const RUNTIMES: readonly string[] = ["python", "python3", "LSP", "deno"];

/**
 * Parameters of `POST /models`, and of a `PUT` that replaces; a negative number is as if it had not been
 * sent.
 *
 * @throws {ServeError} `invalid_argument` without a `url` or with a strange `runtime`,
 * `archive_not_found` with an empty `url`.
 */
export function toRegisterRequest(parameters: Parameters): RegisterRequest {
  const url = parameters.get("url");
  if (url === undefined) throw new ServeError("invalid_argument", "Parameter url is required.");
  if (url === "") throw new ServeError("archive_not_found", "empty url");
  const runtime = toText(parameters, "runtime");
  if (runtime !== undefined && !RUNTIMES.includes(runtime)) {
    throw new ServeError("invalid_argument", `Invalid RuntimeType value: ${runtime}`);
  }
  const initialWorkers = toInteger(parameters, "initial_workers");
  return {
    url,
    modelName: toText(parameters, "model_name"),
    handler: toText(parameters, "handler"),
    runtime,
    batchSize: toAtLeast(1, toInteger(parameters, "batch_size")),
    maxBatchDelayMs: toAtLeast(0, toInteger(parameters, "max_batch_delay")),
    initialWorkers: initialWorkers === undefined ? undefined : Math.max(0, initialWorkers),
    responseTimeoutMs: toMs(toAtLeast(0, toInteger(parameters, "response_timeout"))),
    startupTimeoutMs: toMs(toAtLeast(0, toInteger(parameters, "startup_timeout"))),
    signsForS3: toBoolean(parameters, "s3_sse_kms", false),
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
  return {
    modelVersion: toText(parameters, "model_version"),
    minWorkers,
    maxWorkers,
    isSynchronous: toBoolean(parameters, "synchronous", false),
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
