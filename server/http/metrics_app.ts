import { toPathSegments } from "./_path.ts";
import { createResourceNotFound, type ReportFailure, toErrorResponse } from "./_responses.ts";
import type { HttpApp } from "./http_app.ts";

export interface MetricsAppOptions {
  readonly reportFailure: ReportFailure;
}

/**
 * The metrics port: `/metrics` in Prometheus's text form, by any method.
 *
 * The text is empty, as TorchServe's is in its default `log` mode: nothing is counted yet.
 */
export function createMetricsApp(options: MetricsAppOptions): HttpApp {
  return (request) => {
    if (toPathSegments(request.url)?.[0] !== "metrics") {
      return toErrorResponse(createResourceNotFound(), options.reportFailure);
    }
    const headers = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };
    return new Response("", { headers });
  };
}
