import { parseMultipart } from "@remix-run/multipart-parser";
import type { WirePart } from "../protocol.ts";

/** Parts that a form may have. */
const MAX_FORM_PARTS = 1_000;

/**
 * Splits a form into its fields, each as bytes.
 *
 * A file part keeps its content type; a field without a file name has none, as upstream has it. A body
 * that is no form of its kind gives the fields before the fault and a warning, and no error.
 */
export function splitForm(form: WirePart, onWarning: (text: string) => void): WirePart[] {
  return form.contentType.trim().toLowerCase().startsWith("multipart/")
    ? splitMultipart(form, onWarning)
    : splitUrlEncoded(form.bytes);
}

function splitMultipart(form: WirePart, onWarning: (text: string) => void): WirePart[] {
  const found = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(form.contentType);
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined) {
    onWarning("Cannot read a multipart form: its content type names no boundary");
    return [];
  }
  const fields: WirePart[] = [];
  try {
    const size = form.bytes.byteLength;
    const parts = parseMultipart(form.bytes, {
      boundary,
      maxParts: MAX_FORM_PARTS,
      maxFileSize: size,
      maxTotalSize: size,
    });
    for (const part of parts) {
      if (part.name === undefined) continue;
      const contentType = part.filename === undefined ? "" : part.mediaType ?? "";
      fields.push({ name: part.name, contentType, bytes: new Uint8Array(part.bytes) });
    }
  } catch (error) {
    onWarning(
      `Cannot read all of a multipart form: ${error instanceof Error ? error.message : error}`,
    );
  }
  return fields;
}

function splitUrlEncoded(bytes: Uint8Array): WirePart[] {
  const fields: WirePart[] = [];
  for (let start = 0; start < bytes.length && fields.length < MAX_FORM_PARTS;) {
    let end = bytes.indexOf(AMPERSAND, start);
    if (end < 0) end = bytes.length;
    const pair = bytes.subarray(start, end);
    start = end + 1;
    if (pair.length === 0) continue;
    const equals = pair.indexOf(EQUALS);
    const name = equals < 0 ? pair : pair.subarray(0, equals);
    const value = equals < 0 ? new Uint8Array() : pair.subarray(equals + 1);
    fields.push({
      name: new TextDecoder().decode(unescapeBytes(name)),
      contentType: "",
      bytes: unescapeBytes(value),
    });
  }
  return fields;
}

const AMPERSAND = 0x26;
const EQUALS = 0x3d;
const PLUS = 0x2b;
const PERCENT = 0x25;
const SPACE = 0x20;

/** `URLSearchParams` would read the values as UTF-8 text; a handler is to have the very bytes. */
function unescapeBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let index = 0; index < bytes.length; index++) {
    const byte = bytes[index];
    const escaped = byte === PERCENT ? hexByte(bytes, index + 1) : -1;
    if (escaped >= 0) index += 2;
    out[length++] = escaped >= 0 ? escaped : byte === PLUS ? SPACE : byte;
  }
  return out.slice(0, length);
}

function hexByte(bytes: Uint8Array, start: number): number {
  const text = String.fromCharCode(bytes[start] ?? 0, bytes[start + 1] ?? 0);
  return /^[0-9a-f]{2}$/i.test(text) ? parseInt(text, 16) : -1;
}
