import {
  BUILT_IN_HANDLERS,
  type HandlerEntry,
  resolveHandlerEntry,
} from "../../../handlers/mod.ts";
import type { HandlerSource } from "../protocol.ts";

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
  if (source.kind === "built_in") {
    const Handler = await BUILT_IN_HANDLERS.get(source.name)?.load();
    if (Handler === undefined) throw new Error(`Cannot load handler "${source.name}": unknown`);
    return () => Promise.resolve(resolveHandlerEntry({ Handler }));
  }
  const url = toFileUrl(modelDir, source.file);
  return async () => resolveHandlerEntry(await import(url), source.entryName);
}

function toFileUrl(modelDir: string, file: string): string {
  const path = modelDir.replaceAll("\\", "/");
  const base = new URL(`file://${path.startsWith("/") ? "" : "/"}${path}/`);
  return new URL(file.split("/").map(encodeURIComponent).join("/"), base).href;
}
