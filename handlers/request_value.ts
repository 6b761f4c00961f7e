import type { HandlerData } from "./context.ts";

/**
 * Finds what a request is about: its field `data`, or its `body` where `data` is missing or empty.
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
  const { data } = row;
  const isEmpty = data === undefined || data === null || data === "" ||
    (data instanceof Uint8Array && data.length === 0);
  return isEmpty ? row.body : data;
}
