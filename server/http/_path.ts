/**
 * Cuts a request's path into its segments as TorchServe does: percent-decoded *before* it is split, so
 * that `%2F` separates; empty segments at the end dropped, those between kept.
 *
 * `/predictions/mnist/` is `["predictions", "mnist"]`, `//ping` is `["", "ping"]`, `/` is `[]`.
 * Reads the URL as text: making a `URL` of each request would cost more than all else here.
 *
 * @param url Absolute, as `Request.url` always is.
 * @returns `undefined` when a `%` begins no escape, or the escapes are no UTF-8.
 */
export function toPathSegments(url: string): string[] | undefined {
  const start = url.indexOf("/", url.indexOf("://") + 3) + 1;
  const queryStart = url.indexOf("?", start);
  let path = queryStart === -1 ? url.slice(start) : url.slice(start, queryStart);
  if (path.includes("%")) {
    try {
      path = decodeURIComponent(path);
    } catch {
      return undefined;
    }
  }
  const segments = path.split("/");
  while (segments.length > 0 && segments[segments.length - 1] === "") segments.pop();
  return segments;
}

/** The path that the router matches: the same segments, each escaped again so that it stays one. */
export function toRouterPath(url: string): string {
  const segments = toPathSegments(url);
  return segments === undefined ? "/%" : `/${segments.map(encodeURIComponent).join("/")}`;
}
