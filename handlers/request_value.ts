import type { HandlerData } from "./context.ts";

/**
 * Finds what a request is about: its field `data`, or its `body` where `data` is missing or empty.
 *
 * A row that is no object is itself what it is about: envelopes give rows of any kind.
 *
 * The idiom of every TorchServe handler (`row.get("data") or row.get("body")`), except that 0 and false are
 * values here.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { pickRequestValue } from "./request_value.ts";
 *
 * strictEqual(pickRequestValue({ data: "", body: "text" }), "text");
 * strictEqual(pickRequestValue({ image: "elsewhere" }), undefined);
 * ```
 */
export function pickRequestValue(row: HandlerData): unknown {
  if (Array.isArray(row) || row instanceof Uint8Array || typeof row !== "object") return row;
  const { data } = row;
  const isEmpty = data === undefined || data === null || data === "" ||
    (data instanceof Uint8Array && data.length === 0);
  return isEmpty ? row.body : data;
}
