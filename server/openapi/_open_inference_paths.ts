/** The Open Inference Protocol's health and metadata. */
import {
  BOOLEAN,
  errors,
  inPath,
  INTEGER,
  jsonResponse,
  listOf,
  objectOf,
  type OperationOptions,
  TEXT,
} from "./_builders.ts";

import { MODEL_NAME } from "./_parameters.ts";
import { TAGS } from "./_tags.ts";
import type { Operation, Paths, Responses, ValueSchema } from "./document.ts";

const READY = objectOf({ name: TEXT, ready: BOOLEAN }, { optional: ["name"] });

const TENSORS = listOf(objectOf({
  name: TEXT,
  datatype: TEXT,
  shape: { ...listOf(INTEGER), description: "−1 for a dimension that is free." },
}));

const SERVER_METADATA: ValueSchema = objectOf({
  name: TEXT,
  version: TEXT,
  extenstion: { ...listOf(TEXT), description: "TorchServe's list, under its misspelt name." },
  extensions: { ...listOf(TEXT), description: "The protocol's extensions that are served." },
});

const MODEL_METADATA: ValueSchema = objectOf({
  name: TEXT,
  versions: listOf(TEXT),
  platform: TEXT,
  inputs: TENSORS,
  outputs: TENSORS,
});

export function createOpenInferencePaths(): Paths {
  return {
    "/v2": {
      get: describe({ operationId: "serverMetadata", summary: "Tell what the server is" }, {
        200: jsonResponse("Its name and version.", SERVER_METADATA, {
          name: "Marina",
          version: "1.0.0",
          extenstion: ["kserve", "kubeflow"],
          extensions: [],
        }),
      }),
    },
    "/v2/health/live": {
      get: describe({ operationId: "serverLive", summary: "Ask whether the server runs" }, {
        200: jsonResponse("It does.", objectOf({ live: BOOLEAN }), { live: true }),
      }),
    },
    "/v2/health/ready": {
      get: describe({ operationId: "serverReady", summary: "Ask whether the server is healthy" }, {
        200: jsonResponse("As `/ping` says.", READY, { ready: true }),
        503: jsonResponse("As `/ping` says.", READY, { ready: false }),
      }),
    },
    "/v2/models/{model_name}": {
      get: describe({
        operationId: "modelMetadata",
        summary: "Tell a model's inputs and outputs",
        description: "None are told of a model whose handler does not describe itself.",
        parameters: [MODEL_NAME],
      }, {
        200: jsonResponse("The model.", MODEL_METADATA, {
          name: "mnist",
          versions: ["1.0"],
          platform: "onnxruntime_onnx",
          inputs: [{ name: "x", datatype: "FP32", shape: [-1, 784] }],
          outputs: [{ name: "y", datatype: "FP32", shape: [-1, 10] }],
        }),
        ...errors(404, 500, 503),
      }),
    },
    "/v2/models/{model_name}/ready": {
      get: describe({
        operationId: "modelReady",
        summary: "Ask whether a model can answer",
        parameters: [MODEL_NAME],
      }, {
        200: jsonResponse("A worker can answer now.", READY, { name: "mnist", ready: true }),
        ...errors(404),
        503: jsonResponse("None can.", READY, { name: "mnist", ready: false }),
      }),
    },
    "/v2/models/{model_name}/versions/{rest}": {
      get: describe({
        operationId: "modelVersions",
        summary: "Not served: versions in KServe's paths",
        parameters: [MODEL_NAME, inPath("rest", "A version, and what follows.", "1.0")],
      }, {
        501: jsonResponse("As in TorchServe.", objectOf({ error: TEXT }), {
          error: "Model versioning is not yet supported.",
        }),
      }),
    },
  };
}

function describe(options: OperationOptions, responses: Responses): Operation {
  return {
    ...options,
    tags: [TAGS.health.name],
    responses: { ...errors(400, 403), ...responses },
  };
}
