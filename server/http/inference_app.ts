import { Hono } from "hono";
import { refuse } from "./_allowed_methods.ts";
import { addDescriptionRoutes, addPageRoutes } from "./_description_routes.ts";
import { ServeError } from "../errors.ts";
import type { HttpApp } from "./http_app.ts";
import { findInvocation } from "./_invocation_routes.ts";
import { addOpenInferenceRoutes } from "./_open_inference_routes.ts";
import { toPathSegments, toRouterPath } from "./_path.ts";
import { answerAsked, answerPrediction, type PredictRouteOptions } from "./_predict_route.ts";
import { createResourceNotFound, toErrorResponse, toStatusResponse } from "./_responses.ts";

export interface InferenceAppOptions extends PredictRouteOptions {
  /** What `/ping` tells; false while the server stops, too. */
  readonly isHealthy: () => boolean;
  /** The server's version, where the Open Inference Protocol's health and metadata are served. */
  readonly openInferenceVersion?: string;
}

/**
 * The inference port: health, predictions and explanations.
 *
 * Predictions are matched by hand before the router: they are the hot path, tens of thousands a second.
 * No body is parsed here; a prediction's bytes go to `models.predict` as they came.
 */
export function createInferenceApp(options: InferenceAppOptions): HttpApp {
  const router = createInferenceRouter(options);
  return (request) => {
    const segments = toPathSegments(request.url);
    if (segments === undefined) {
      return toErrorResponse(createPathError(), options.reportFailure);
    }
    switch (segments[0]) {
      case "predictions":
        return answerPrediction(request, "predict", segments, options);
      case "explanations":
        return answerPrediction(request, "explain", segments, options);
    }
    const asked = findInvocation(segments, request.url, options.models);
    return asked === undefined ? router.fetch(request) : answerAsked(request, asked, options);
  };
}

/** The port's routes but for predictions, as a list that can be held against the port's document. */
export function createInferenceRouter(options: InferenceAppOptions): Hono {
  const router = new Hono({ getPath: (request) => toRouterPath(request.url) });
  addDescriptionRoutes(router, options.descriptions);
  addPageRoutes(router, options.descriptions);
  router.all(
    "/ping",
    () => options.isHealthy() ? toStatusResponse("Healthy") : toStatusResponse("Unhealthy", 500),
  );
  const { openInferenceVersion: serverVersion } = options;
  if (serverVersion !== undefined) addOpenInferenceRoutes(router, { ...options, serverVersion });
  router.notFound(() => toErrorResponse(createResourceNotFound(), options.reportFailure));
  router.onError((error, context) => refuse(error, router, context, options.reportFailure));
  return router;
}

/** A path that cannot be decoded, in upstream's words for a message that cannot. */
export function createPathError(): ServeError {
  return new ServeError("invalid_argument", "Invalid HTTP message.");
}
