import { isRotatedRole, type RotatedRole, type TokenAuthority } from "../authorization/mod.ts";
import { ServeError } from "../errors.ts";
import { isDescription } from "./_descriptions.ts";
import { toPathSegments } from "./_path.ts";
import { parseQuery } from "./_query.ts";
import { type ReportFailure, toErrorResponse, toLineFeedResponse } from "./_responses.ts";
import type { HttpApp } from "./http_app.ts";

/** Upstream's texts; its clients compare them. */
const REFUSED = "Token either incorrect, expired, or not provided correctly";

export interface AuthorizeOptions {
  readonly tokens: TokenAuthority;
  /** Whose key opens the app. */
  readonly role: RotatedRole;
  readonly reportFailure: ReportFailure;
}

/**
 * The same app for those who have the role's key: asked for before the path is looked at, so that a path
 * that does not exist is no different. Descriptions of the API need no key, `/ping` and CORS preflights do.
 *
 * With the role `management` there is `/token?type=management|inference` too, by any method: it makes a
 * key anew for who has the `API` key.
 */
export function createAuthorizedApp(app: HttpApp, options: AuthorizeOptions): HttpApp {
  const { tokens, role, reportFailure } = options;
  const guarded: HttpApp = (request, connection) =>
    tokens.isAuthorized(role, request.headers.get("authorization")) || isDescription(request)
      ? app(request, connection)
      : toErrorResponse(createRefusal("Authorization"), reportFailure);
  if (role !== "management") return guarded;
  return (request, connection) =>
    isTokenPath(request.url) ? rotateToken(request, options) : guarded(request, connection);
}

/** The path alone counts: upstream looks for `/token` in the headers, too. */
function isTokenPath(url: string): boolean {
  const segments = toPathSegments(url);
  return segments !== undefined && segments.length === 1 && segments[0] === "token";
}

async function rotateToken(request: Request, options: AuthorizeOptions): Promise<Response> {
  const { tokens, reportFailure } = options;
  try {
    const type = parseQuery(request.url).get("type");
    const isAuthorized = tokens.isAuthorized("API", request.headers.get("authorization"));
    if (!isAuthorized || !isRotatedRole(type)) throw createRefusal("Authentication");
    await tokens.rotate(type);
    return toLineFeedResponse();
  } catch (error) {
    return toErrorResponse(error, reportFailure);
  }
}

function createRefusal(what: "Authorization" | "Authentication"): ServeError {
  return new ServeError("token_not_accepted", `Token ${what} failed. ${REFUSED}`);
}
