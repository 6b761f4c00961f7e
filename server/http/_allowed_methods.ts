import type { Context, Hono } from "hono";
import { ServeError } from "../errors.ts";
import { type ReportFailure, toErrorResponse } from "./_responses.ts";

/** Where the router's middleware is registered. */
const MIDDLEWARE_PATH = "/*";
/** The router's name for them. */
const ALL_METHODS = "ALL";

/**
 * Answers what a route has thrown. Of a method that is not allowed, `Allow` tells which are, as
 * [RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6) §15.5.6 asks for; TorchServe sends none.
 */
export function refuse(
  error: unknown,
  router: Hono,
  context: Context,
  reportFailure: ReportFailure,
): Response {
  const response = toErrorResponse(error, reportFailure);
  if (error instanceof ServeError && error.code === "method_not_allowed") {
    response.headers.set("allow", listAllowedMethods(router, context.req.path).join(", "));
  }
  return response;
}

/** The methods whose first route for this path is one of their own: a route for all methods refuses. */
function listAllowedMethods(router: Hono, path: string): string[] {
  const methods = new Set(router.routes.map(({ method }) => method));
  return [...methods].filter((method) => {
    const [found] = router.router.match(method, path);
    const first = found.find(([[, route]]) => route.path !== MIDDLEWARE_PATH);
    return method !== ALL_METHODS && first?.[0][1].method === method;
  }).sort();
}
