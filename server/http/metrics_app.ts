import { toPathSegments } from "./_path.ts";
import { createResourceNotFound, type ReportFailure, toErrorResponse } from "./_responses.ts";
import type { HttpApp } from "./http_app.ts";

export interface MetricsAppOptions {
  readonly reportFailure: ReportFailure;
  /** The metrics' text: all of it, or the samples of these names. */
  readonly readText: (names?: ReadonlySet<string>) => Promise<string>;
}

/** Prometheus's text form, as TorchServe names it. */
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/**
 * The metrics port: `/metrics` in Prometheus's text form, by any method.
 *
 * `?name[]=A&name[]=B` shows the samples of these names alone; names that nobody knows show nothing.
 */
export function createMetricsApp(options: MetricsAppOptions): HttpApp {
  return async (request) => {
    try {
      if (toPathSegments(request.url)?.[0] !== "metrics") throw createResourceNotFound();
      const names = new URL(request.url).searchParams.getAll("name[]");
      const text = await options.readText(names.length === 0 ? undefined : new Set(names));
      return new Response(text, { headers: { "content-type": CONTENT_TYPE } });
    } catch (error) {
      return toErrorResponse(error, options.reportFailure);
    }
  };
}
