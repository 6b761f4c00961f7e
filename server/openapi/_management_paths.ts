/** The management port: what is loaded. */
import { BOOLEAN, errors, inQuery, jsonResponse, schemaRef, statusResponse } from "./_builders.ts";
import { describeOneModel } from "./_description_paths.ts";
import { MODEL_EXAMPLE } from "./_model_schema.ts";
import { DESCRIBED_VERSION, MODEL_NAME, MODEL_VERSION, PAGE_PARAMETERS } from "./_parameters.ts";
import { REGISTER_OPERATION } from "./_register_operation.ts";
import { createScaleOperation } from "./_scale_operation.ts";
import { TAGS } from "./_tags.ts";
import { TRAFFIC_PATHS } from "./_traffic_paths.ts";
import { WORKFLOW_PATHS } from "./_workflow_paths.ts";
import type { Operation, Parameter, PathItem, Paths } from "./document.ts";

export function createManagementPaths(): Paths {
  return {
    "/models": { get: LIST_OPERATION, post: REGISTER_OPERATION },
    "/models/{model_name}": createModelPath("", [MODEL_NAME], [MODEL_NAME]),
    "/models/{model_name}/{model_version}": createModelPath(
      "version_",
      [MODEL_NAME, MODEL_VERSION],
      [MODEL_NAME, DESCRIBED_VERSION],
    ),
    "/models/{model_name}/{model_version}/set-default": {
      get: DESCRIBE_DEFAULT_OPERATION,
      put: DEFAULT_OPERATION,
    },
    ...TRAFFIC_PATHS,
    "/v1/models/{model_name}": { get: READINESS_OPERATION },
    ...WORKFLOW_PATHS,
  };
}

function createModelPath(
  prefix: string,
  parameters: readonly Parameter[],
  describedBy: readonly Parameter[],
): PathItem {
  const ofVersion = prefix === "" ? "a model" : "one version";
  const scale = createScaleOperation(`${prefix}setAutoScale`, prefix !== "");
  return {
    get: {
      operationId: `${prefix}describeModel`,
      summary: prefix === ""
        ? "Describe a model's default version"
        : "Describe one version, or all",
      tags: [TAGS.models.name],
      parameters: [
        ...describedBy,
        inQuery(
          "customized",
          { ...BOOLEAN, default: false },
          "Whether the handler is asked about itself, too.",
        ),
      ],
      responses: {
        200: jsonResponse("One version, or each of them.", schemaRef("Models"), [MODEL_EXAMPLE]),
        ...errors(400, 403, 404, 500, 503),
      },
    },
    put: { ...scale, parameters: [...parameters, ...scale.parameters!] },
    delete: {
      operationId: `${prefix}unregisterModel`,
      summary: `Unregister ${ofVersion}`,
      description:
        "Needs `enable_model_api`. Requests in flight are finished first, or refused once " +
        "`unregister_model_timeout` has passed. Without a version, the default one is meant.",
      tags: [TAGS.models.name],
      parameters,
      responses: {
        200: statusResponse("It is gone.", 'Model "mnist" unregistered'),
        ...errors(400, 403, 404, 405, 408, 500, 503),
      },
    },
    options: { ...describeOneModel(`${prefix}modelOptions`), parameters: describedBy },
  };
}

const LIST_OPERATION: Operation = {
  operationId: "listModels",
  summary: "List the models, a page at a time",
  tags: [TAGS.models.name],
  parameters: PAGE_PARAMETERS,
  responses: {
    200: jsonResponse("Default versions, by name.", schemaRef("ModelList"), {
      nextPageToken: "2",
      models: [
        { modelName: "mnist", modelUrl: "mnist.mar" },
        { modelName: "resnet-18", modelUrl: "resnet-18.mar" },
      ],
    }),
    ...errors(400, 403),
  },
};

const DEFAULT_OPERATION: Operation = {
  operationId: "setDefault",
  summary: "Make a version the default one",
  tags: [TAGS.models.name],
  parameters: [MODEL_NAME, MODEL_VERSION],
  responses: {
    200: statusResponse(
      "It answers from now on when no version is named.",
      'Default version successfully updated for model "mnist" to "1.0"',
    ),
    ...errors(400, 403, 404),
  },
};

const DESCRIBE_DEFAULT_OPERATION: Operation = {
  operationId: "describeDefault",
  summary: "Describe a model's default version, whichever the path names",
  deprecated: true,
  tags: [TAGS.models.name],
  parameters: [MODEL_NAME, MODEL_VERSION],
  responses: {
    200: jsonResponse("The default version.", schemaRef("Models"), [MODEL_EXAMPLE]),
    ...errors(400, 403, 404, 500, 503),
  },
};

const READINESS_OPERATION: Operation = {
  operationId: "modelReadiness",
  summary: "Ask whether a model can answer",
  tags: [TAGS.health.name],
  parameters: [MODEL_NAME],
  responses: {
    200: jsonResponse("Ready once a worker of the default version is.", schemaRef("Readiness"), {
      name: "mnist",
      ready: true,
    }),
    ...errors(400, 403, 404),
  },
};
