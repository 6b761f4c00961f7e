import type { WireFailure } from "../protocol.ts";
import { DeviceUnavailableError } from "./execution_provider.ts";

/** A module of no file: a bundle that a worker imports is one, as long as it is. */
const DATA_URL_REGEXP = /data:text\/javascript;base64,[\w+/=]+/g;

/** A place in a file of the model folder, as V8 and the loader print it. */
const LOCATION_REGEXP = /(file:\/\/[^\s()'"]+?):(\d+):\d+/g;

/**
 * An error as its author needs it: the message, and the first place in the model folder that its stack
 * names. Paths lose the folder's own path, which is nobody's business outside.
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
  const modelUrl = toDirectoryUrl(modelDir);
  const hide = (text: string) =>
    text.replaceAll(DATA_URL_REGEXP, "the handler").replaceAll(modelUrl, "")
      .replaceAll(`${modelDir}/`, "").replaceAll(modelDir, ".");
  if (!(error instanceof Error)) return { message: hide(String(error)) };
  const stack = error.stack ?? "";
  for (const [, url, line] of `${error.message}\n${stack}`.matchAll(LOCATION_REGEXP)) {
    if (!url.startsWith(modelUrl)) continue;
    const file = decodeURIComponent(url.slice(modelUrl.length));
    return { message: hide(error.message), file, line: Number(line), stack: hide(stack) };
  }
  return { message: hide(error.message), stack: hide(stack) };
}

function toDirectoryUrl(dir: string): string {
  const path = dir.replaceAll("\\", "/");
  return new URL(`file://${path.startsWith("/") ? "" : "/"}${path}/`).href;
}

/** True when memory ran out, on the device or in the process; texts of the CUDA provider count, as upstream. */
export function isOutOfMemory(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DeviceUnavailableError) return false;
  return /CUDA|out of memory|bad_alloc|bad allocation|Failed to allocate memory|Array buffer allocation failed/i
    .test(error.message);
}
