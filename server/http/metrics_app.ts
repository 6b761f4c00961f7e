import { Hono } from "hono";
import { refuse } from "./_allowed_methods.ts";
import { addDescriptionRoutes } from "./_description_routes.ts";
import type { ApiDescriptions } from "./api_descriptions.ts";
import { toRouterPath } from "./_path.ts";
import { createResourceNotFound, type ReportFailure, toErrorResponse } from "./_responses.ts";
import type { HttpApp } from "./http_app.ts";

export interface MetricsAppOptions {
  readonly reportFailure: ReportFailure;
  readonly descriptions: ApiDescriptions;
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
  const router = createMetricsRouter(options);
  return (request) => router.fetch(request);
}

/** All of the port's routes, as a list that can be held against the port's document. */
export function createMetricsRouter(options: MetricsAppOptions): Hono {
  const { reportFailure, readText } = options;
  const router = new Hono({ getPath: (request) => toRouterPath(request.url) });
  addDescriptionRoutes(router, options.descriptions);
  router.all("/metrics/*", async (context) => {
    const names = new URL(context.req.url).searchParams.getAll("name[]");
    const text = await readText(names.length === 0 ? undefined : new Set(names));
    return new Response(text, { headers: { "content-type": CONTENT_TYPE } });
  });
  router.notFound(() => toErrorResponse(createResourceNotFound(), reportFailure));
  router.onError((error, context) => refuse(error, router, context, reportFailure));
  return router;
}
