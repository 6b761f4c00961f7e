import { BUILT_IN_HANDLERS } from "../../handlers/mod.ts";
import { ServeError } from "../errors.ts";
import type { HandlerSource } from "../scheduling/mod.ts";

/** Files that the runtime can import. */
const MODULE_REGEXP = /\.(ts|mts|js|mjs)$/;

/** Endings tried for a handler that is named without one, in this order. */
const MODULE_ENDINGS = [".ts", ".js", ".mjs"];

/** What a handler says when it uses the image decoder, which has to be loaded before it. */
const IMAGE_USE_REGEXP = /\b(decodeImage|ImageClassifier|imageClassifier)\b/;

/** A module larger than this is not searched. */
const MAX_SEARCHED_BYTES = 4 * 1024 * 1024;

/** Where a handler comes from, and what has to be ready before it. */
export interface ResolvedHandler {
  readonly source: HandlerSource;
  readonly needsImages: boolean;
}

/**
 * Finds the handler that a manifest or a request names, in the forms that archives use.
 *
 * | form | handler |
 * | --- | --- |
 * | `handler.ts`, `handler.js`, `handler.mjs` | that file |
 * | `handler` | `handler.ts`, else `.js`, else `.mjs` |
 * | `file.ts:entry`, `file:entry` | that file's export of that name |
 * | `image_classifier` | the built-in, unless the archive has a file of that name |
 *
 * @param handler As written; `undefined` when nobody names one.
 * @param modelDir Absolute.
 * @throws {ServeError} `archive_invalid` if there is no such handler, or it is Python.
 */
export async function resolveHandler(
  handler: string | undefined,
  modelDir: string,
): Promise<ResolvedHandler> {
  if (handler === undefined || handler === "") {
    throw new ServeError(
      "archive_invalid",
      "Cannot serve the model: its archive names no handler, name one with the handler parameter",
    );
  }
  const colon = handler.indexOf(":");
  const name = colon < 0 ? handler : handler.slice(0, colon);
  const entryName = colon < 0 ? undefined : handler.slice(colon + 1);
  const file = await findModule(name, modelDir);
  if (file !== undefined) {
    return { source: { kind: "file", file, entryName }, needsImages: await usesImages(modelDir) };
  }
  const builtIn = BUILT_IN_HANDLERS.get(name);
  if (builtIn !== undefined) {
    return { source: { kind: "built_in", name }, needsImages: builtIn.needsImages };
  }
  throw new ServeError("archive_invalid", `Cannot use handler "${handler}": ${explain(name)}`);
}

function explain(name: string): string {
  if (/\.(py|pyc|so|dylib)$/.test(name)) {
    return "Python and C++ handlers do not run here, write it in TypeScript or name a built-in one";
  }
  const known = [...BUILT_IN_HANDLERS.keys()].map((key) => `"${key}"`).join(", ");
  return `the archive has no such module, and the built-in handlers are ${known}`;
}

async function findModule(name: string, modelDir: string): Promise<string | undefined> {
  if (name.split(/[/\\]/).includes("..") || /^([/\\]|\w:)/.test(name) || name.includes("\0")) {
    throw new ServeError("archive_invalid", `Cannot use handler "${name}": it leaves the archive`);
  }
  const candidates = MODULE_REGEXP.test(name) ? [name] : MODULE_ENDINGS.map((end) => name + end);
  for (const candidate of candidates) {
    if (await isFile(`${modelDir}/${candidate}`)) return candidate;
  }
  return undefined;
}

async function isFile(path: string): Promise<boolean> {
  try {
    return (await Deno.lstat(path)).isFile;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory) {
      return false;
    }
    throw error;
  }
}

/** Looks through the modules of the archive for the image tools' names. */
async function usesImages(dir: string): Promise<boolean> {
  for await (const entry of Deno.readDir(dir)) {
    const path = `${dir}/${entry.name}`;
    if (entry.isDirectory) {
      if (await usesImages(path)) return true;
    } else if (MODULE_REGEXP.test(entry.name)) {
      if ((await Deno.lstat(path)).size > MAX_SEARCHED_BYTES) continue;
      if (IMAGE_USE_REGEXP.test(await Deno.readTextFile(path))) return true;
    }
  }
  return false;
}
