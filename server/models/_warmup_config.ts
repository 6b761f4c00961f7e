import type { WarmupBody, WarmupRequest } from "../scheduling/mod.ts";

/** Requests that a warm-up may list. */
const MAX_WARMUP_REQUESTS = 32;

/** How often each may be asked. */
const MAX_WARMUP_REPEAT = 100;

/** A header value: visible ASCII and blanks. */
const CONTENT_TYPE_REGEXP = /^[\x20-\x7e]{0,256}$/;

/**
 * Reads the value of `warmup` in a model config.
 *
 * | field | value |
 * | --- | --- |
 * | `data` | a string, sent as it is, or any other value, sent as JSON |
 * | `file` | a file of the archive, relative to its top; instead of `data` |
 * | `contentType` | `text/plain` for a string, `application/json` for other data, `application/octet-stream` for a file unless given |
 * | `repeat` | 1–100, 1 unless given |
 *
 * @throws {TypeError} If it is no such list of at most 32 requests.
 */
export function parseWarmup(value: unknown): WarmupRequest[] {
  if (!Array.isArray(value) || value.length > MAX_WARMUP_REQUESTS) {
    throw createWarmupError("", `a list of at most ${MAX_WARMUP_REQUESTS} requests`, value);
  }
  return value.map((item, index) => parseRequest(item, `, request ${index + 1}`));
}

function parseRequest(item: unknown, place: string): WarmupRequest {
  if (typeof item !== "object" || item === null || Array.isArray(item)) {
    throw createWarmupError(place, 'a mapping with "data" or "file"', item);
  }
  const { data, file, contentType, repeat = 1, ...rest } = item as Record<string, unknown>;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) {
    throw createWarmupError(place, '"data", "file", "contentType" and "repeat" alone', unknown);
  }
  if ((data === undefined) === (file === undefined)) {
    throw createWarmupError(place, 'one of "data" and "file"', item);
  }
  if (
    !Number.isSafeInteger(repeat) || (repeat as number) < 1 || repeat as number > MAX_WARMUP_REPEAT
  ) {
    throw createWarmupError(place, `"repeat" from 1 to ${MAX_WARMUP_REPEAT}`, repeat);
  }
  if (
    contentType !== undefined &&
    (typeof contentType !== "string" || !CONTENT_TYPE_REGEXP.test(contentType))
  ) {
    throw createWarmupError(place, 'a "contentType" like "application/json"', contentType);
  }
  const [body, ownType] = file === undefined ? toDataBody(data) : toFileBody(file, place);
  return { contentType: contentType ?? ownType, body, repeat: repeat as number };
}

function toDataBody(data: unknown): [WarmupBody, contentType: string] {
  if (typeof data === "string") return [{ kind: "text", text: data }, "text/plain"];
  return [{ kind: "text", text: JSON.stringify(data) }, "application/json"];
}

function toFileBody(file: unknown, place: string): [WarmupBody, contentType: string] {
  const isInside = typeof file === "string" && file !== "" && !/^([/\\]|\w:)|\0/.test(file) &&
    !file.split(/[/\\]/).includes("..");
  if (!isInside) throw createWarmupError(place, 'a "file" inside the archive', file);
  return [{ kind: "file", file }, "application/octet-stream"];
}

function createWarmupError(place: string, expected: string, found: unknown): TypeError {
  const text = JSON.stringify(found) ?? "nothing";
  return new TypeError(
    `Cannot use "warmup" of the model config${place}: expected ${expected}, found ${text}`,
  );
}
