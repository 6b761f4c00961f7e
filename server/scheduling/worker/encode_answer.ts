/** What a handler returned for one request, as bytes and their content type. */

/** An encoded answer. */
export interface EncodedValue {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
}

const encoder = new TextEncoder();

/** Levels of nesting in an answer: past this a value is taken for one that contains itself. */
const MAX_DEPTH = 500;

/**
 * Encodes one result.
 *
 * | value | bytes | content type |
 * | --- | --- | --- |
 * | `Uint8Array`, `ArrayBuffer` | as they are | `application/octet-stream` |
 * | string | UTF-8 | `text/plain; charset=utf-8` |
 * | anything else | JSON, 2 spaces a level | `application/json` |
 *
 * JSON is `JSON.stringify(value, null, 2)`, with three additions: a `Map` is an object whose keys keep
 * their order (a plain object sorts `"9"` before `"10"`), a typed array is an array, and a `bigint` is a
 * whole number with all its digits.
 *
 * @example Class indices in descending order of their probability
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { encodeAnswer } from "./encode_answer.ts";
 *
 * const { bytes } = encodeAnswer(new Map([["9", 0.75], ["8", 0.25]]));
 * strictEqual(new TextDecoder().decode(bytes), '{\n  "9": 0.75,\n  "8": 0.25\n}');
 * ```
 *
 * @throws {TypeError} If the value has no JSON form: a function, a symbol, `undefined`, or a value that
 * contains itself.
 */
export function encodeAnswer(value: unknown): EncodedValue {
  if (value instanceof Uint8Array) {
    return { bytes: ownBytes(value), contentType: "application/octet-stream" };
  }
  if (value instanceof ArrayBuffer) {
    return { bytes: new Uint8Array(value.slice(0)), contentType: "application/octet-stream" };
  }
  if (typeof value === "string") {
    return { bytes: encoder.encode(value), contentType: "text/plain; charset=utf-8" };
  }
  const text = isPlainJson(value) ? JSON.stringify(value, null, 2) : stringify(value, "\n", 0);
  return { bytes: encoder.encode(text), contentType: "application/json" };
}

/** A handler may return the same array twice, or keep it: what is transferred is a copy of our own. */
function ownBytes(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes);
}

/** The common results, for which the engine's own serializer does it: numbers, and arrays of them. */
function isPlainJson(value: unknown): boolean {
  if (typeof value === "number") return true;
  if (!Array.isArray(value)) return false;
  for (const element of value) if (typeof element !== "number") return false;
  return true;
}

function stringify(value: unknown, newline: string, depth: number): string {
  if (depth > MAX_DEPTH) throw new TypeError("Cannot encode the result: it is nested too deeply");
  switch (typeof value) {
    case "string":
    case "boolean":
    case "number":
      return JSON.stringify(value);
    case "bigint":
      return value.toString();
    case "object":
      return value === null ? "null" : stringifyObject(value, newline, depth);
    default:
      throw new TypeError(`Cannot encode the result: a ${typeof value} has no JSON form`);
  }
}

function stringifyObject(value: object, newline: string, depth: number): string {
  const inner = newline + "  ";
  if ("toJSON" in value && typeof value.toJSON === "function") {
    return stringify(value.toJSON(), newline, depth + 1);
  }
  const elements = toElements(value);
  if (elements !== undefined) {
    return bracket(
      "[",
      elements.map((element) => stringify(element, inner, depth + 1)),
      "]",
      newline,
    );
  }
  const members: string[] = [];
  for (const [key, member] of value instanceof Map ? value : Object.entries(value)) {
    if (member === undefined) continue;
    members.push(`${JSON.stringify(String(key))}: ${stringify(member, inner, depth + 1)}`);
  }
  return bracket("{", members, "}", newline);
}

function toElements(value: object): unknown[] | undefined {
  if (Array.isArray(value)) return value.map((element) => element === undefined ? null : element);
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return Array.from(value as Float32Array);
  }
  if (value instanceof Set) throw new TypeError("Cannot encode the result: a Set has no JSON form");
  return undefined;
}

function bracket(open: string, parts: readonly string[], close: string, newline: string): string {
  if (parts.length === 0) return open + close;
  return open + newline + "  " + parts.join("," + newline + "  ") + newline + close;
}
