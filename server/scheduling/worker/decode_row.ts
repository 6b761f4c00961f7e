/** What a handler receives for one request: its parts, decoded by their content types. */

import type { HandlerData } from "../../../handlers/mod.ts";
import type { WireItem, WirePart } from "../protocol.ts";
import { splitForm } from "./split_form.ts";

const decoder = new TextDecoder();

/**
 * Decodes one request as upstream's service does: exactly `application/json` is parsed (its bytes stay
 * if it is not JSON), `text/…` is decoded as UTF-8, everything else stays bytes. Media-type parameters
 * are ignored. Repeated names: the last one wins.
 *
 * @param onWarning Told when a JSON body is not JSON.
 * @param decodes False to leave every value as bytes; forms are split all the same.
 */
export function decodeRow(
  item: WireItem,
  onWarning: (text: string) => void,
  decodes = true,
): HandlerData {
  const row: HandlerData = {};
  for (const part of item.parts) {
    if (part.isForm === true) {
      for (const field of splitForm(part, onWarning)) {
        row[field.name] = decodes ? decodeValue(field, onWarning) : field.bytes;
      }
    } else {
      row[part.name] = decodes ? decodeValue(part, onWarning) : part.bytes;
    }
  }
  return row;
}

function decodeValue(part: WirePart, onWarning: (text: string) => void): unknown {
  const mediaType = toMediaType(part.contentType);
  if (mediaType === "application/json") {
    try {
      return JSON.parse(decoder.decode(part.bytes));
    } catch {
      onWarning(`Cannot parse "${part.name}" as JSON: the handler receives its bytes`);
      return part.bytes;
    }
  }
  return mediaType.startsWith("text") ? decoder.decode(part.bytes) : part.bytes;
}

/** `"Text/Plain; charset=utf-8"` → `"text/plain"`. */
export function toMediaType(contentType: string): string {
  if (contentType === "application/json") return contentType;
  const end = contentType.indexOf(";");
  return (end < 0 ? contentType : contentType.slice(0, end)).trim().toLowerCase();
}
