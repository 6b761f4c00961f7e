/** The inference port: health, predictions, explanations. */
import {
  BINARY,
  errors,
  type OperationOptions,
  REQUEST_ID,
  statusResponse,
  TEXT,
} from "./_builders.ts";
import { describeOneModel } from "./_description_paths.ts";
import { MODEL_NAME, MODEL_VERSION } from "./_parameters.ts";
import { TAGS } from "./_tags.ts";
import type { Content, DescribedResponse, Operation, Paths, RequestBody } from "./document.ts";

/** What answers hold is the handlers' to say. */
const ANY_CONTENT: Content = {
  "application/json": { schema: { description: "Any JSON value." } },
  "*/*": { schema: BINARY },
};

const ANSWER: DescribedResponse = {
  description:
    "What the handler answered, as it stands. The content type is the handler's; there may be none.",
  headers: {
    ...REQUEST_ID,
    "x-model-version": { description: "The version that answered.", schema: TEXT },
  },
  content: ANY_CONTENT,
};

const OTHER_ANSWER: DescribedResponse = {
  description: "A status that the handler chose itself, with its own body or as an error.",
  content: ANY_CONTENT,
};

const INPUT: RequestBody = {
  description:
    "The input as the handler wants it. JSON and text are decoded for the handler, each " +
    "field of a form is an input of its own, anything else arrives as bytes.",
  content: {
    "application/json": {
      schema: { description: "Any JSON value." },
      example: { data: [[0.1, 0.2, 0.7]] },
    },
    "application/octet-stream": { schema: BINARY },
    "multipart/form-data": { schema: { type: "object", additionalProperties: BINARY } },
  },
};

export function createInferencePaths(): Paths {
  return {
    "/ping": { get: createPing() },
    ...createKind("predictions", {
      operationId: "predictions",
      summary: "Predict",
      description: "Any other method but OPTIONS does the same. More segments after the version " +
        "reach the handler as the header `url_path`.",
    }),
    ...createKind("explanations", {
      operationId: "explanations",
      summary: "Explain a prediction",
      description: "As a prediction, with the handler's `explain` in the place of its `handle`.",
    }),
  };
}

function createPing(): Operation {
  return {
    operationId: "ping",
    summary: "Ask whether the server is healthy",
    tags: [TAGS.health.name],
    responses: {
      200: statusResponse(
        "Every model has the workers it needs, or they may still come.",
        "Healthy",
      ),
      ...errors(400, 403),
      500: statusResponse(
        "A model has too few workers for good, or the server stops.",
        "Unhealthy",
      ),
    },
  };
}

/** `/predictions/…` or `/explanations/…`, for the version that the traffic says and for one that is named. */
function createKind(kind: "predictions" | "explanations", options: OperationOptions): Paths {
  return {
    [`/${kind}/{model_name}`]: {
      post: {
        ...createPrediction(options),
        parameters: [MODEL_NAME],
      },
      options: {
        ...describeOneModel(`${options.operationId}Options`),
        parameters: [MODEL_NAME],
      },
    },
    [`/${kind}/{model_name}/{model_version}`]: {
      post: {
        ...createPrediction({
          ...options,
          operationId: `version_${options.operationId}`,
          summary: `${options.summary}, by one version`,
        }),
        parameters: [MODEL_NAME, MODEL_VERSION],
      },
      options: {
        ...describeOneModel(`version_${options.operationId}Options`),
        parameters: [MODEL_NAME, MODEL_VERSION],
      },
    },
  };
}

/** An operation that asks a model, whatever its path. */
export function createPrediction(options: OperationOptions): Operation {
  return {
    ...options,
    tags: [TAGS.predictions.name],
    requestBody: INPUT,
    responses: {
      200: ANSWER,
      ...errors(400, 403, 404, 408, 413, 500, 503, 507),
      default: OTHER_ANSWER,
    },
  };
}
