import type { RequestContext } from "../../../handlers/mod.ts";
import type { WireBatch, WireItem } from "../protocol.ts";

/** Headers that the server writes, whatever the client sent under their names. */
const ROUTE_HEADERS: ReadonlySet<string> = new Set(["explain", "url_path"]);

/**
 * One request as its handler sees it: the client's headers, and upstream's two that tell its route.
 *
 * | header | value |
 * | --- | --- |
 * | `url_path` | what follows the version in the path, `""` when nothing does; none on other routes |
 * | `explain` | `True` for an explanation, else `False` |
 */
export class HandlerRequest implements RequestContext {
  readonly #item: WireItem;
  readonly #kind: WireBatch["kind"];
  #headers: readonly string[] | undefined;

  constructor(item: WireItem, kind: WireBatch["kind"]) {
    this.#item = item;
    this.#kind = kind;
  }

  get requestId(): string {
    return this.#item.requestId;
  }

  /** Made when first asked for: most handlers look at no header. */
  get headers(): readonly string[] {
    return this.#headers ??= this.#collectHeaders();
  }

  #collectHeaders(): string[] {
    const { headers, urlPath } = this.#item;
    const all = ["explain", this.#kind === "explain" ? "True" : "False"];
    if (urlPath !== undefined) all.push("url_path", urlPath);
    for (let i = 0; i + 1 < headers.length; i += 2) {
      if (!ROUTE_HEADERS.has(headers[i]!.toLowerCase())) all.push(headers[i]!, headers[i + 1]!);
    }
    return all;
  }
}
