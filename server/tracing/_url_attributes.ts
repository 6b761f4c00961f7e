import type { Attributes } from "@opentelemetry/api";

/** What the span of a request tells of its URL, by the names that the runtime gives them. */
export function toUrlAttributes(
  method: string,
  { href, protocol, pathname, search }: URL,
): Attributes {
  return {
    "http.request.method": method,
    "url.full": href,
    "url.scheme": protocol.slice(0, -1),
    "url.path": pathname,
    "url.query": search.slice(1),
  };
}
