import { toPathSegments } from "./_path.ts";

/** Documents that say how to ask: they hold nothing of the models, and need no token. */
const DESCRIPTIONS: ReadonlySet<string> = new Set(["api-description", "docs", "openapi.json"]);

/**
 * True for `OPTIONS /`, and by any method for the other paths that describe the API. The page's files have a
 * dot in their names, which tells them from a path below a model of the name `docs`.
 */
export function isDescription(request: Request): boolean {
  const segments = toPathSegments(request.url);
  if (segments === undefined || segments.length > 2) return false;
  if (segments.length === 2) return segments[0] === "docs" && segments[1]!.includes(".");
  return segments.length === 0 ? request.method === "OPTIONS" : DESCRIPTIONS.has(segments[0]!);
}
