/** The routes that change how a registered model is served: its workers, its default version. */
import type { ModelService } from "./_model_service.ts";
import type { Parameters } from "./_query.ts";
import { STARTED_MESSAGE } from "./_register_routes.ts";
import { toStatusResponse } from "./_responses.ts";
import { toScaleParameters } from "./_wire_names.ts";

/** @param version From the path; it goes before `model_version`. */
export async function scaleModel(
  models: ModelService,
  name: string,
  version: string | undefined,
  parameters: Parameters,
): Promise<Response> {
  const asked = toScaleParameters(parameters);
  const modelVersion = version ?? asked.modelVersion;
  const outcome = await models.scale({ ...asked, modelName: name, modelVersion });
  if (!asked.isSynchronous) return toStatusResponse(STARTED_MESSAGE, 202);
  if (outcome !== "complete") return toStatusResponse("Workers scaling in progress...", 206);
  const suffix = modelVersion === undefined ? "" : `, version: ${modelVersion}`;
  return toStatusResponse(`Workers scaled to ${asked.minWorkers} for model: ${name}${suffix}`);
}

export async function setDefault(
  models: ModelService,
  name: string,
  version: string,
): Promise<Response> {
  await models.setDefault(name, version);
  return toStatusResponse(
    `Default version successfully updated for model "${name}" to "${version}"`,
  );
}
