/** Health and metadata of the Open Inference Protocol, on the inference port. */
import type { Hono } from "hono";
import { withErrorText } from "./_kserve_errors.ts";
import type { ModelService } from "./_model_service.ts";
import { toOpenInferenceTensors } from "./_open_inference_tensors.ts";
import { type ReportFailure, toErrorResponse, toJsonResponse } from "./_responses.ts";

export interface OpenInferenceOptions {
  readonly models: ModelService;
  readonly isHealthy: () => boolean;
  readonly reportFailure: ReportFailure;
  /** What `/v2` tells. */
  readonly serverVersion: string;
}

/** The misspelt key is upstream's, and its clients may look for it; the other one is the protocol's. */
const EXTENSIONS = ["kserve", "kubeflow"];

/**
 * Adds `/v2`, `/v2/health/…` and `/v2/models/{m}[/ready]`, by any method. TorchServe has no metadata or
 * readiness of a model there, and calls itself ready whatever happens.
 */
export function addOpenInferenceRoutes(router: Hono, options: OpenInferenceOptions): void {
  const { models, isHealthy, reportFailure, serverVersion } = options;
  router.all("/v2", () =>
    toJsonResponse({
      name: "Marina",
      version: serverVersion,
      extenstion: EXTENSIONS,
      extensions: [],
    }));
  router.all("/v2/health/live", () => toJsonResponse({ live: true }));
  router.all("/v2/health/ready", () => {
    const ready = isHealthy();
    return toJsonResponse({ ready }, ready ? 200 : 503);
  });
  router.all("/v2/models/:name", async (context) => {
    try {
      return toJsonResponse(await describeModel(models, context.req.param("name")));
    } catch (error) {
      return await withErrorText(toErrorResponse(error, reportFailure));
    }
  });
  router.all("/v2/models/:name/ready", async (context) => {
    try {
      const name = context.req.param("name");
      const ready = models.isReady(name);
      return toJsonResponse({ name, ready }, ready ? 200 : 503);
    } catch (error) {
      return await withErrorText(toErrorResponse(error, reportFailure));
    }
  });
  // Upstream looks for the word anywhere in a path of this length, so names of models do not matter.
  router.all(
    "/v2/models/:name/versions/:rest{.+}",
    () => toJsonResponse({ error: "Model versioning is not yet supported." }, 501),
  );
}

/** What a model's handler says of its inputs and outputs; none where it says nothing. */
async function describeModel(models: ModelService, name: string): Promise<unknown> {
  const versions = models.describe(name, "all").map(({ modelVersion }) => modelVersion);
  const { inputs, outputs } = await models.describeCustomized(name);
  return {
    name,
    versions,
    platform: "onnxruntime_onnx",
    inputs: toOpenInferenceTensors(inputs),
    outputs: toOpenInferenceTensors(outputs),
  };
}
