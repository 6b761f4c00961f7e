/** The routes that take models in and out: register, replace, unregister. */
import { isJsonRequest, parseJsonParameters } from "./_json_parameters.ts";
import type { ModelService } from "./_model_service.ts";
import { type Parameters, parseQuery } from "./_query.ts";
import { readBody, type ReadBodyOptions, toRefusalResponse } from "./_request_body.ts";
import { createMethodNotAllowed, toStatusResponse } from "./_responses.ts";
import { toRegisterRequest } from "./_wire_names.ts";

export interface RegisterRouteOptions extends ReadBodyOptions {
  readonly models: ModelService;
  /** Whether models may be registered and unregistered over HTTP; off, these answer 405. */
  readonly isModelApiEnabled: boolean;
}

/** What is answered while workers still start or stop. */
export const STARTED_MESSAGE = "Processing worker updates...";

/** Parameters come from a JSON body, and then from there alone, else from the query. */
export async function registerModel(
  options: RegisterRouteOptions,
  request: Request,
): Promise<Response> {
  const body = await readBody(request, options);
  if (typeof body === "string") return toRefusalResponse(body);
  const parameters = isJsonRequest(request) ? parseJsonParameters(body) : parseQuery(request.url);
  const outcome = await options.models.register(toRegisterRequest(parameters));
  const { modelName, modelVersion, workers, isComplete } = outcome;
  if (!isComplete) return toStatusResponse(STARTED_MESSAGE, 202);
  const hint = workers === 0 ? ". Use scale workers API to add workers for the model." : "";
  return toStatusResponse(
    `Model "${modelName}" Version: ${modelVersion} registered with ${workers} initial workers${hint}`,
  );
}

/** `PUT /models/{name}[/{version}]?replace=true&url=…`: answers once the new version serves and the old one is gone. */
export async function replaceModel(
  options: RegisterRouteOptions,
  modelName: string,
  version: string | undefined,
  parameters: Parameters,
): Promise<Response> {
  if (!options.isModelApiEnabled) throw createMethodNotAllowed();
  const replacedVersion = version ?? (parameters.get("model_version") || undefined);
  const outcome = await options.models.register({
    ...toRegisterRequest(parameters),
    modelName,
    replaces: true,
    replacedVersion,
  });
  return toStatusResponse(
    `Model "${outcome.modelName}" Version: ${outcome.replacedVersion} replaced by version ${outcome.modelVersion}`,
  );
}

export async function unregisterModel(
  models: ModelService,
  name: string,
  version: string | undefined,
): Promise<Response> {
  await models.unregister(name, version);
  return toStatusResponse(`Model "${name}" unregistered`);
}
