/** `PUT /models/{model_name}`: other numbers of workers, or another archive. */
import { BOOLEAN, errors, inQuery, INTEGER, statusResponse, TEXT } from "./_builders.ts";
import { REGISTER_PARAMETERS } from "./_parameters.ts";
import { TAGS } from "./_tags.ts";
import type { Operation, Parameter } from "./document.ts";

const SCALE_PARAMETERS: readonly Parameter[] = [
  inQuery("min_worker", { ...INTEGER, default: 1 }, "Workers to have at least."),
  inQuery("max_worker", INTEGER, "Workers to have at most; `min_worker` unless given."),
  inQuery(
    "synchronous",
    { ...BOOLEAN, default: false },
    "Whether to answer only once the workers are there; a replacement always waits.",
  ),
];

const VERSION_PARAMETER = inQuery(
  "model_version",
  TEXT,
  "The version that is meant; the default one, or for a replacement the one of the same `url`, unless given.",
);

const REPLACE_PARAMETERS: readonly Parameter[] = [
  inQuery(
    "replace",
    { ...BOOLEAN, default: false },
    "`true`: load `url`, and let it take the version's place. Needs `enable_model_api`.",
  ),
  ...REGISTER_PARAMETERS.filter(({ name }) => name !== "model_name" && name !== "synchronous"),
];

/** @param isVersionNamed Whether the path names the version. */
export function createScaleOperation(operationId: string, isVersionNamed: boolean): Operation {
  return {
    operationId,
    summary: isVersionNamed ? "Scale or replace one version" : "Scale or replace a model",
    description:
      "Starts and stops workers. With `replace=true` it loads another archive instead, " +
      "warms it up, and ends the version before it once no request is on its way there.",
    tags: [TAGS.models.name],
    parameters: [
      ...SCALE_PARAMETERS,
      ...isVersionNamed ? [] : [VERSION_PARAMETER],
      ...REPLACE_PARAMETERS,
    ],
    responses: {
      200: statusResponse("Done.", "Workers scaled to 3 for model: mnist"),
      202: statusResponse("Begun.", "Processing worker updates..."),
      206: statusResponse(
        "Fewer workers run than were asked for.",
        "Workers scaling in progress...",
      ),
      ...errors(400, 403, 404, 405, 408, 409, 500, 503, 507),
    },
  };
}
