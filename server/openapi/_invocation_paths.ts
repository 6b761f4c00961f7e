/** The inference port's other paths that predict: KServe's, SageMaker's and the oldest ones. */
import { inQuery, TEXT } from "./_builders.ts";
import { createPrediction } from "./_inference_paths.ts";
import { MODEL_NAME, MODEL_VERSION } from "./_parameters.ts";
import type { PathItem, Paths } from "./document.ts";

const AS_PREDICTION = "The same as `/predictions/{model_name}`";
const WITH_QUERY = `${AS_PREDICTION}; parameters of the query are inputs, too.`;

/** SageMaker's own name for the segment. */
const ENDPOINT_NAME = { ...MODEL_NAME, name: "endpoint_name" };

export function createInvocationPaths(): Paths {
  return {
    "/v1/models/{model_name}:predict": {
      post: createPrediction({
        operationId: "kserveV1Predict",
        summary: "Predict, KServe V1",
        description: `${AS_PREDICTION}; with the envelope \`kserve\` the body is \`instances\`.`,
        parameters: [MODEL_NAME],
      }),
    },
    "/v1/models/{model_name}:explain": {
      post: createPrediction({
        operationId: "kserveV1Explain",
        summary: "Explain a prediction, KServe V1",
        description: "The same as `/explanations/{model_name}`.",
        parameters: [MODEL_NAME],
      }),
    },
    "/v2/models/{model_name}/infer": {
      post: createPrediction({
        operationId: "kserveV2Infer",
        summary: "Predict, KServe V2",
        description: `${AS_PREDICTION}; with the envelope \`kservev2\` the body is \`inputs\`.`,
        parameters: [MODEL_NAME],
      }),
    },
    "/v2/models/{model_name}/explain": {
      post: createPrediction({
        operationId: "kserveV2Explain",
        summary: "Explain a prediction, KServe V2",
        description: "The same as `/explanations/{model_name}`.",
        parameters: [MODEL_NAME],
      }),
    },
    "/models/{model_name}/invoke": {
      post: createPrediction({
        operationId: "invokeModel",
        summary: "Predict, SageMaker's multi-model endpoints",
        description: WITH_QUERY,
        parameters: [MODEL_NAME],
      }),
    },
    "/invocations": {
      post: createPrediction({
        operationId: "invocations",
        summary: "Predict, SageMaker's endpoints",
        description: `${WITH_QUERY} Without \`model_name\` in the query it is the one model that ` +
          "was loaded at the start, else the one that a form's field `model_name` names.",
        parameters: [inQuery("model_name", TEXT, "The model to ask.")],
      }),
    },
    "/endpoints/{endpoint_name}/invocations": {
      post: createPrediction({
        operationId: "invokeEndpoint",
        summary: "Predict, as SageMaker's clients ask",
        description: `${WITH_QUERY} The endpoint's name is the model's.`,
        parameters: [ENDPOINT_NAME],
      }),
    },
    "/{model_name}/predict": createOldest("legacyPredict", [MODEL_NAME]),
    "/{model_name}/{model_version}/predict": createOldest("legacyVersionPredict", [
      MODEL_NAME,
      MODEL_VERSION,
    ]),
  };
}

function createOldest(
  operationId: string,
  parameters: readonly (typeof MODEL_NAME)[],
): PathItem {
  const summary = "Predict, the path of the first releases";
  const post = createPrediction({ operationId, summary, description: WITH_QUERY, parameters });
  return { post: { ...post, deprecated: true } };
}
