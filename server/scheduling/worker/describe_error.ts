import type { WireFailure } from "../protocol.ts";
import { shorten } from "../shorten.ts";
import { DeviceUnavailableError } from "./execution_provider.ts";
import { toFolderUrl } from "./folder_url.ts";

/** A module of no file: a bundle that a worker imports is one, as long as it is. */
const DATA_URL_REGEXP = /data:text\/javascript;base64,[\w+/=]+/g;

/** A place in a file of the model folder, as V8 and the loader print it. */
const LOCATION_REGEXP = /(file:\/\/[^\s()'"]+?):(\d+):\d+/g;

/** Characters of a message and of a stack; the rest is cut. */
const MAX_MESSAGE_LENGTH = 8_192;
const MAX_STACK_LENGTH = 32_768;

/**
 * An error as its author needs it: the message, and the first place in the model folder that its stack
 * names. Paths lose the folder's own path, which is nobody's business outside. Long texts are cut: a message may hold a request's
 * body.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { describeError } from "./describe_error.ts";
 *
 * const error = new Error("Cannot read /tmp/m1/labels.txt");
 * error.stack = "Error: …\n    at load (file:///tmp/m1/handler.ts:7:11)";
 * const failure = describeError(error, "/tmp/m1");
 *
 * strictEqual(failure.message, "Cannot read labels.txt");
 * strictEqual(failure.file, "handler.ts");
 * strictEqual(failure.line, 7);
 * ```
 *
 * @param error Anything that was thrown.
 * @param modelDir Absolute.
 */
export function describeError(error: unknown, modelDir: string): WireFailure {
  const modelUrl = toFolderUrl(modelDir);
  // The runtime decodes URLs in a stack, those of some paths.
  const decodedUrl = `file://${modelDir}/`;
  const hide = (text: string) =>
    text.replaceAll(decodedUrl, modelUrl).replaceAll(modelUrl, "").replaceAll(`${modelDir}/`, "")
      .replaceAll(modelDir, ".");
  const { message, stack } = readTexts(error);
  if (stack === undefined) return { message: hide(message) };
  const places = `${message}\n${stack}`.replaceAll(decodedUrl, modelUrl);
  for (const [, url, line] of places.matchAll(LOCATION_REGEXP)) {
    if (!url.startsWith(modelUrl)) continue;
    const file = decode(url.slice(modelUrl.length));
    return { message: hide(message), file, line: Number(line), stack: hide(stack) };
  }
  return { message: hide(message), stack: hide(stack) };
}

/** Both may be anything, and of any length. */
function readTexts(error: unknown): { readonly message: string; readonly stack?: string } {
  if (!(error instanceof Error)) return { message: cutMessage(toText(() => error)) };
  const whole = toText(() => error.message);
  const message = cutMessage(whole);
  const stack = toText(() => error.stack ?? "").replace(whole, () => message)
    .replaceAll(DATA_URL_REGEXP, "the handler");
  return { message, stack: shorten(stack, MAX_STACK_LENGTH) };
}

function cutMessage(text: string): string {
  return shorten(text.replaceAll(DATA_URL_REGEXP, "the handler"), MAX_MESSAGE_LENGTH);
}

function toText(read: () => unknown): string {
  try {
    return String(read());
  } catch {
    return "a value that has no text";
  }
}

/** What is decoded already may hold a per cent sign. */
function decode(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

/** True when memory ran out, on the device or in the process; texts of the CUDA provider count, as upstream. */
export function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DeviceUnavailableError) return false;
  return /CUDA|out of memory|bad_alloc|bad allocation|Failed to allocate memory|Array buffer allocation failed/i
    .test(readTexts(error).message);
}
