/** A `handler.ts` that answers what it was given: the row, each value by its type, and what the context tells. */
export const ECHO_HANDLER = `
const show = (value) =>
  value instanceof Uint8Array
    ? { bytes: [...value] }
    : { [value === null ? "null" : Array.isArray(value) ? "array" : typeof value]: value };

export function handle(rows, context) {
  return rows?.map((row, i) => ({
    row: Object.fromEntries(Object.entries(row).map(([name, value]) => [name, show(value)])),
    headers: Object.fromEntries(context.getAllRequestHeader(i)),
    loud: context.getRequestHeader(i, "X-REQUEST-ID"),
    requestId: context.getRequestId(i),
    kind: context.requestKind,
    version: context.modelVersion,
  }));
}
`;

/** What {@linkcode ECHO_HANDLER} answers for one request. */
export interface Echo {
  /** Each value under the name of its type: `{ body: { string: "text" } }`. */
  readonly row: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly headers: Readonly<Record<string, string>>;
  /** The client's `x-request-id`, looked up in capitals. */
  readonly loud: string | null;
  readonly requestId: string;
  readonly kind: string;
  readonly version: string;
}
