import { basename, dirname, join, relative, resolve } from "node:path";
import { findPathFault } from "../entry_path.ts";
import { ArchiveError } from "../errors.ts";
import type { InputFile } from "../packing/mod.ts";
import { bundleModule, toModuleText } from "./bundle_module.ts";
import { createPackingResolver } from "./_resolver.ts";

/** Where an archive keeps what its handler was made of: for people, nothing runs from there. */
export const SOURCE_FOLDER = "MAR-INF/source";

/** What a bundle puts into an archive in place of the handler's file. */
export interface BundledHandler {
  /** The bundle: `handler.js` for `handler.ts`. */
  readonly bundle: InputFile;
  /** The handler's own files under {@linkcode SOURCE_FOLDER}, the handler first. */
  readonly sources: readonly InputFile[];
}

/**
 * Makes one self-contained JavaScript file of a handler.
 *
 * Its relative files and npm packages are in it, `marina` is left to the host, and its last line is the source
 * map, which leads to the kept sources. The same files give the same bytes, whatever folder they lie in: the
 * file's time is its newest source's.
 *
 * @param path Of the handler, as the user gave it.
 * @param files What is packed beside it, by name in the archive: a relative import finds these too, as it would in
 * the archive.
 * @returns Undefined for JavaScript that imports nothing, which is one module already.
 * @throws {ArchiveError} `handler_invalid`, `handler_import_unresolved`, `handler_import_native`,
 * `entry_name_invalid`.
 */
export async function bundleHandler(
  path: string,
  files: readonly InputFile[],
  readInput: (path: string, name: string) => Promise<InputFile>,
): Promise<BundledHandler | undefined> {
  const entry = basename(path);
  if (/\.m?js$/.test(path) && !mayImport(await Deno.readTextFile(path))) return undefined;
  const absolute = resolve(path);
  const dir = dirname(absolute);
  const pathByName = new Map(files.map((file) => [file.name, resolve(file.path)]));
  const resolver = await createPackingResolver(
    dir,
    (wanted) => pathByName.get(relative(dir, wanted).replaceAll("\\", "/")),
  );
  const nameByPath = new Map<string, string>();
  const made = await bundleModule({
    path: absolute,
    shownPath: path,
    resolver,
    toSourceName: (source) => source,
  });
  const root = commonFolder(made.ownPaths);
  for (const source of made.ownPaths) {
    const inside = relative(root, source).replaceAll("\\", "/");
    const name = `${SOURCE_FOLDER}/${inside}`;
    const fault = findPathFault(name);
    if (fault) throw new ArchiveError(fault.code, `Cannot pack "${source}": ${fault.reason}`);
    nameByPath.set(source, name);
  }
  const sourceMap = {
    ...made.sourceMap,
    sources: made.sourceMap.sources.map((source) => nameByPath.get(source) ?? source),
  };
  const sources = await Promise.all(
    [...nameByPath].map(([source, name]) => readInput(source, name)),
  );
  const bytes = new TextEncoder().encode(toModuleText({ code: made.code, sourceMap }));
  return {
    bundle: {
      name: entry.replace(/\.[^.]+$/, ".js"),
      path,
      bytes,
      sizeBytes: bytes.length,
      modifiedMs: Math.max(...sources.map(({ modifiedMs }) => modifiedMs)),
      isExecutable: false,
    },
    sources,
  };
}

/** A comment may say the word too: then one module is bundled for nothing. */
function mayImport(text: string): boolean {
  return /\bimport\b|\bfrom\s*["']/.test(text);
}

/** The folder that holds all of the files. */
function commonFolder(paths: readonly string[]): string {
  let folder = dirname(paths[0]!);
  for (const path of paths) {
    while (!path.startsWith(join(folder, "/"))) folder = dirname(folder);
  }
  return folder;
}
