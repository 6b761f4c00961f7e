import { Buffer } from "node:buffer";
import * as handlers from "../../../handlers/mod.ts";
import type { HandlerEntry } from "../../../handlers/mod.ts";
import type { HandlerFault, HandlerSource } from "../protocol.ts";
import { toFolderUrl } from "./folder_url.ts";

/**
 * Where a bundled handler finds what it imports from `marina`: a bundle has no import map.
 * `archiver/bundling/_marina_module.ts` writes the other side.
 */
const MARINA_GLOBAL = Symbol.for("marina.handlers");

/**
 * Gives the function that imports a worker's handler.
 *
 * A built-in handler is the server's own code and is loaded at once, while the worker may still read the
 * server's files; a file of the archive is only imported when the answer is called, after the lock-down.
 *
 * @param source Where the handler comes from.
 * @param modelDir Absolute; a file's path is relative to it.
 */
export async function prepareHandler(
  source: HandlerSource,
  modelDir: string,
): Promise<() => Promise<HandlerEntry>> {
  const { BUILT_IN_HANDLERS, resolveHandlerEntry } = handlers;
  if (source.kind === "built_in") {
    const Handler = await BUILT_IN_HANDLERS.get(source.name)?.load();
    if (Handler === undefined) throw new Error(`Cannot load handler "${source.name}": unknown`);
    return () => Promise.resolve(resolveHandlerEntry({ Handler }));
  }
  const { fault } = source;
  if (fault !== undefined) return () => Promise.reject(toError(fault, modelDir));
  Object.defineProperty(globalThis, MARINA_GLOBAL, { value: handlers });
  const url = source.code === undefined ? toFileUrl(modelDir, source.file) : toDataUrl(source.code);
  return async () => resolveHandlerEntry(await import(url), source.entryName);
}

function toFileUrl(modelDir: string, file: string): string {
  return new URL(file.split("/").map(encodeURIComponent).join("/"), toFolderUrl(modelDir)).href;
}

/** As the runtime's own loader would throw it: the stack's first line is the place. */
function toError({ message, place }: HandlerFault, modelDir: string): SyntaxError {
  const error = new SyntaxError(message);
  error.stack = `SyntaxError: ${message}` +
    (place ? `\n    at ${toFileUrl(modelDir, place.file)}:${place.line}:1` : "");
  return error;
}

/** A compiled program imports `data:` URLs, and no `blob:` URLs. */
function toDataUrl(code: string): string {
  return `data:text/javascript;base64,${Buffer.from(code).toString("base64")}`;
}
