/** What the registry refuses, in upstream's words where its clients read them. */
import { ServeError } from "../errors.ts";

/** Names of one version of one model. */
interface VersionName {
  readonly modelName: string;
  readonly modelVersion: string;
}

export function createNotFoundError(modelName: string): ServeError {
  return new ServeError("model_not_found", `Model not found: ${modelName}`);
}

export function createVersionNotFoundError(modelName: string, version: string): ServeError {
  return new ServeError(
    "model_version_not_found",
    `Model version: ${version} does not exist for model: ${modelName}`,
  );
}

export function createRegisteredError({ modelName, modelVersion }: VersionName): ServeError {
  return new ServeError(
    "model_already_registered",
    `Model version ${modelVersion} is already registered for model ${modelName}`,
  );
}

export function createReplacedError({ modelName, modelVersion }: VersionName): ServeError {
  return new ServeError(
    "model_replaced",
    `Cannot replace version ${modelVersion} of model "${modelName}": another call has replaced it meanwhile`,
  );
}

/** Says `null` where no version was asked for, as upstream does. */
export function createStartError(
  { modelName }: VersionName,
  asked: { readonly modelVersion?: string },
  isOutOfMemory = false,
): ServeError {
  const version = asked.modelVersion ?? "null";
  return new ServeError(
    isOutOfMemory ? "workers_out_of_memory" : "workers_failed_to_start",
    `Failed to start workers for model ${modelName} version: ${version}`,
  );
}

export function createUnregisterTimeoutError(modelName: string): ServeError {
  return new ServeError("unregister_timed_out", `Timed out while cleaning resources: ${modelName}`);
}

/** For requests that were in when their model went: a second try is told that there is no such model. */
export function createGoneError({ modelName, modelVersion }: VersionName): ServeError {
  return new ServeError(
    "model_busy",
    `Cannot finish the request: model "${modelName}" version ${modelVersion} was taken out`,
  );
}

export function createStoppingError(): ServeError {
  return new ServeError("server_stopping", "Cannot take the request: the server is stopping");
}
