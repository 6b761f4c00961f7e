import JSON5 from "json5";
import { ServeError } from "../errors.ts";
import type { Parameters } from "./_query.ts";

/** True when the body is to be read as JSON; any other type of body is left alone, as upstream does. */
export function isJsonRequest(request: Request): boolean {
  const contentType = request.headers.get("content-type") ?? "";
  return contentType.split(";", 1)[0]!.trim().toLowerCase() === "application/json";
}

/**
 * A flat JSON object as parameters. As upstream's parser, this one takes single quotes and names without
 * quotes, and numbers and booleans as they are or as texts.
 *
 * @throws {ServeError} `invalid_argument` if it is no object.
 */
export function parseJsonParameters(bytes: Uint8Array<ArrayBuffer>): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, field] of Object.entries(parseJsonObject(bytes))) {
    if (["string", "number", "boolean"].includes(typeof field)) parameters.set(name, String(field));
  }
  return parameters;
}

/** @throws {ServeError} `invalid_argument` if it is no object. */
export function parseJsonObject(bytes: Uint8Array<ArrayBuffer>): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON5.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw createJsonError(bytes.byteLength === 0 ? "it is empty" : "it is not valid JSON", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw createJsonError("it is not a JSON object");
  }
  return value as Record<string, unknown>;
}

function createJsonError(found: string, cause?: unknown): ServeError {
  return new ServeError(
    "invalid_argument",
    `Cannot read the request's body: it must be a JSON object of parameters, and ${found}`,
    { cause },
  );
}
