import { BUILT_IN_HANDLERS } from "../../handlers/mod.ts";
import { ServeError } from "../errors.ts";
import type { HandlerSource } from "../scheduling/mod.ts";

/** Files that the runtime can import. */
const MODULE_REGEXP = /\.(ts|mts|js|mjs)$/;

/** Endings tried for a handler that is named without one, in this order. */
const MODULE_ENDINGS = [".ts", ".js", ".mjs"];

/** What a handler says when it uses the image decoder, which has to be loaded before it. */
const IMAGE_USE_REGEXP = /\b(decodeImage|ImageClassifier|imageClassifier)\b/;

/** An import of something that is not in the archive, as a statement or a call. */
const FOREIGN_IMPORT_REGEXP =
  /(?:^\s*(?:import|export)\b[^'";]*|\bimport\s*\(\s*)["']((?:npm|jsr|https?|data|blob|file):[^'"]*)["']/m;

/** Bytes of one module; more is not written by hand or made by a bundler. */
const MAX_MODULE_BYTES = 64 * 1024 * 1024;

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
    const needsImages = await searchModules(modelDir, "");
    return { source: { kind: "file", file, entryName }, needsImages };
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
    const isNone = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotADirectory ||
      // Clients may send a name that is too long for the disk.
      (error as { readonly code?: unknown }).code === "ENAMETOOLONG";
    if (isNone) return false;
    throw error;
  }
}

/**
 * Looks through the modules of the archive for the image tools' names, and for imports from elsewhere:
 * the runtime would fetch those before a worker's permissions have a say.
 *
 * @returns True if a module uses the image tools.
 * @throws {ServeError} `archive_invalid` if a module imports what the archive does not hold.
 */
async function searchModules(modelDir: string, folder: string): Promise<boolean> {
  let usesImages = false;
  for await (const entry of Deno.readDir(`${modelDir}/${folder}`)) {
    const path = folder + entry.name;
    if (entry.isDirectory) {
      // What a bundle was made of is kept there for reading, and may import packages.
      if (path === "MAR-INF") continue;
      if (await searchModules(modelDir, `${path}/`)) usesImages = true;
    } else if (MODULE_REGEXP.test(entry.name)) {
      const text = await readModule(`${modelDir}/${path}`, path);
      const foreign = FOREIGN_IMPORT_REGEXP.exec(text)?.[1];
      if (foreign !== undefined) {
        throw new ServeError(
          "archive_invalid",
          `Cannot use handler module "${path}": it imports "${foreign}", an archive must hold all that it imports`,
        );
      }
      if (IMAGE_USE_REGEXP.test(text)) usesImages = true;
    }
  }
  return usesImages;
}

async function readModule(path: string, name: string): Promise<string> {
  const { size } = await Deno.lstat(path);
  if (size <= MAX_MODULE_BYTES) return await Deno.readTextFile(path);
  throw new ServeError(
    "archive_invalid",
    `Cannot use handler module "${name}": expected at most ${MAX_MODULE_BYTES} bytes, found ${size}`,
  );
}
