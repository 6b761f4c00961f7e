import { toPathSegments } from "./_path.ts";

/** Documents that say how to ask: they hold nothing of the models, and need no token. */
const DESCRIPTIONS: ReadonlySet<string> = new Set(["api-description", "docs", "openapi.json"]);

/** True for `OPTIONS /`, and by any method for the other paths that describe the API. */
export function isDescription(request: Request): boolean {
  const segments = toPathSegments(request.url);
  if (segments === undefined || segments.length > 1) return false;
  return segments.length === 0 ? request.method === "OPTIONS" : DESCRIPTIONS.has(segments[0]!);
}
