import { type HandlerData, pickRequestValue, PredictionException } from "../../../handlers/mod.ts";

/** A JSON object of a client. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** An integer that a double may not hold, as an element of an array or an object. */
const LONG_INTEGER_REGEXP = /[[,:]\s*-?\d{16,}\s*[,\]}]/;

const INTEGER_REGEXP = /^-?\d+$/;

const decoder = new TextDecoder("utf-8", { fatal: true });

/**
 * The JSON object that a request is, for envelopes. Bytes are parsed whatever their content type says:
 * KServe's clients send none, or another (T5).
 *
 * @param keepsDigits Whether integers beyond 2^53 become `bigint`s instead of losing digits.
 * @throws {PredictionException} 400 if it is no JSON object.
 */
export function readEnvelopeBody(row: HandlerData, keepsDigits = false): JsonObject {
  const sent = pickRequestValue(row);
  const value = sent instanceof Uint8Array ? parseBytes(sent, keepsDigits) : sent;
  if (isJsonObject(value)) return value;
  throw createEnvelopeError(`expected a JSON object, found ${nameValue(value)}`);
}

export function createEnvelopeError(text: string, cause?: unknown): PredictionException {
  return new PredictionException(`Cannot read the request: ${text}`, 400, { cause });
}

export function isJsonObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) &&
    !(value instanceof Uint8Array);
}

/** `nothing`, `an array`, `a string` … */
export function nameValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function parseBytes(bytes: Uint8Array, keepsDigits: boolean): unknown {
  if (bytes.length === 0) return undefined;
  try {
    const text = decoder.decode(bytes);
    // Asking for each number's digits makes parsing many times slower.
    return keepsDigits && LONG_INTEGER_REGEXP.test(text)
      ? JSON.parse(text, keepDigits)
      : JSON.parse(text);
  } catch (cause) {
    throw createEnvelopeError("expected a JSON object, found a body that is not JSON", cause);
  }
}

function keepDigits(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== "number" || Number.isSafeInteger(value)) return value;
  const { source } = context ?? {};
  return source !== undefined && INTEGER_REGEXP.test(source) ? BigInt(source) : value;
}
