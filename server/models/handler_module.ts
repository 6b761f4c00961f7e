import { posix } from "node:path";
import { BundleError, bundleInThread, type Manifest } from "../../archiver/reading.ts";
import { ServeError } from "../errors.ts";
import type { HandlerSource } from "../scheduling/mod.ts";

/**
 * Makes a handler's file loadable in this runtime.
 *
 * | handler | run from a checkout | compiled, or from a URL |
 * | --- | --- | --- |
 * | bundled by `marina archive` | as it is | as it is |
 * | JavaScript that imports nothing | as it is | as it is |
 * | TypeScript, several files, `import … from "marina"` | as it is | bundled here, once for all workers |
 *
 * @param canImportSources Whether the runtime takes TypeScript from disk and knows `marina`.
 * @returns The same source, with `code` where the file itself cannot be imported. If it does not compile or
 * imports what the archive does not hold, `fault` says so: its workers fail with that, as they do where the
 * runtime itself finds out.
 */
export async function prepareHandlerModule(
  source: HandlerSource,
  { modelDir, manifest }: { readonly modelDir: string; readonly manifest: Manifest },
  canImportSources: boolean = hasSourceLoader(),
): Promise<HandlerSource> {
  if (source.kind !== "file" || canImportSources || isBundle(source.file, manifest)) return source;
  if (await isPlainScript(`${modelDir}/${source.file}`)) return source;
  try {
    return { ...source, code: await bundleInThread(modelDir, source.file) };
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    const { message, place } = error;
    if (place === undefined) return { ...source, fault: { message } };
    const file = posix.join(posix.dirname(source.file), place.file);
    return { ...source, fault: { message, place: { file, line: place.line } } };
  }
}

/**
 * For a check that starts no worker: asserts that a handler's file compiles and that the archive holds all
 * that it imports, also where the runtime takes it as it is. Nothing of it is run.
 *
 * @param canImportSources As above.
 * @throws {ServeError} `archive_invalid`, with the handler's file and line.
 */
export async function assertHandlerModule(
  source: HandlerSource,
  { modelDir, manifest }: { readonly modelDir: string; readonly manifest: Manifest },
  canImportSources: boolean = hasSourceLoader(),
): Promise<void> {
  if (source.kind !== "file" || isBundle(source.file, manifest)) return;
  try {
    await bundleInThread(modelDir, source.file);
  } catch (cause) {
    if (!(cause instanceof BundleError)) throw cause;
    // What a bundle cannot hold and the runtime can import: WebAssembly.
    if (canImportSources && cause.code === "handler_import_native") return;
    throw new ServeError("archive_invalid", cause.message, { cause });
  }
}

/** A compiled program takes no TypeScript from disk, one that runs from a URL has no import map. */
function hasSourceLoader(): boolean {
  return !Deno.build.standalone && import.meta.url.startsWith("file:") && knowsMarina();
}

function knowsMarina(): boolean {
  try {
    return import.meta.resolve("marina") !== "";
  } catch {
    return false;
  }
}

function isBundle(file: string, { model }: Manifest): boolean {
  return model.handlerSource !== undefined && model.handler?.split(":")[0] === file;
}

async function isPlainScript(path: string): Promise<boolean> {
  return /\.m?js$/.test(path) && !/\bimport\b|\bfrom\s*["']/.test(await Deno.readTextFile(path));
}
