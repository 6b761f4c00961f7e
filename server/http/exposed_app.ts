import type { CorsConfig, ListenAddress } from "../config/mod.ts";
import { withCorsHeaders } from "./_cors.ts";
import { createOriginGuard } from "./_origin_guard.ts";
import { type ReportFailure, toErrorResponse } from "./_responses.ts";
import type { HttpApp } from "./http_app.ts";

export interface ExposeOptions {
  readonly address: ListenAddress;
  readonly cors: CorsConfig;
  readonly reportFailure: ReportFailure;
}

/**
 * An app as it may stand on a port: pages of other origins are refused before anything else is looked
 * at, and every answer, that one too, has the configured CORS headers.
 */
export function createExposedApp(app: HttpApp, options: ExposeOptions): HttpApp {
  const { address, cors, reportFailure } = options;
  const findRefusal = createOriginGuard({
    address,
    allowedOrigin: cors.allowedOrigin || undefined,
  });
  return withCorsHeaders((request, connection) => {
    const refusal = findRefusal(request);
    return refusal === undefined
      ? app(request, connection)
      : toErrorResponse(refusal, reportFailure);
  }, cors);
}
