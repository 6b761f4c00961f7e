import { toPathSegments } from "./_path.ts";
import type { HttpApp } from "./http_app.ts";

export interface SharedAppOptions {
  readonly inference: HttpApp;
  readonly management: HttpApp;
  /** Absent when no metrics are served. */
  readonly metrics?: HttpApp;
}

/**
 * One app for a port that is both the inference and the management address, and answers `/metrics` too.
 *
 * Each path goes to the app that owns it, so each needs the token of its own role, and
 * `/models/{name}/{version}` works; TorchServe wants both tokens in one header, and captures those paths.
 * What nobody owns is the inference app's to refuse.
 */
export function createSharedApp({ inference, management, metrics }: SharedAppOptions): HttpApp {
  return (request, connection) => {
    switch (findOwner(request)) {
      case "management":
        return management(request, connection);
      case "metrics":
        return (metrics ?? inference)(request, connection);
      case "inference":
        return inference(request, connection);
    }
  };
}

function findOwner({ method, url }: Request): "inference" | "management" | "metrics" {
  const segments = toPathSegments(url) ?? [];
  switch (segments[0]) {
    case "metrics":
      // `/metrics/predict` asks a model of that name.
      return segments.length === 1 ? "metrics" : "inference";
    case "token":
      return segments.length === 1 ? "management" : "inference";
    case "workflows":
      return "management";
    case "models":
      // Multi-model endpoints predict by POST; by another method it is a version of this name.
      return segments.length === 3 && segments[2] === "invoke" && method === "POST"
        ? "inference"
        : "management";
    case "v1":
      // Readiness is `/v1/models/{name}`, predictions are `/v1/models/{name}:predict`.
      return segments[1] === "models" && segments.length === 3 && !segments[2]!.includes(":")
        ? "management"
        : "inference";
    default:
      return "inference";
  }
}
