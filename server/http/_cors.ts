import type { CorsConfig } from "../config/mod.ts";
import type { HttpApp } from "./http_app.ts";

/**
 * The same app, with the configured `access-control-*` headers on each answer that does not bring its own.
 *
 * The texts go out as they stand, whoever asks, which is TorchServe's way: no origin is matched here.
 *
 * @returns `app` itself when nothing is configured.
 */
export function withCorsHeaders(app: HttpApp, cors: CorsConfig): HttpApp {
  const headers = Object.entries({
    "access-control-allow-origin": cors.allowedOrigin,
    "access-control-allow-methods": cors.allowedMethods,
    "access-control-allow-headers": cors.allowedHeaders,
  }).filter((entry): entry is [string, string] => entry[1] !== undefined && entry[1] !== "");
  if (headers.length === 0) return app;
  const add = (response: Response): Response => {
    for (const [name, value] of headers) {
      if (!response.headers.has(name)) response.headers.set(name, value);
    }
    return response;
  };
  return (request, connection) => {
    const answered = app(request, connection);
    return answered instanceof Response ? add(answered) : answered.then(add);
  };
}
