import { basename, join } from "node:path";
import { ArchiveError } from "../errors.ts";
import { hasWildcard, listGlobMatches } from "./glob.ts";
import { type InputFile, isNotFound, toInputError, toInputFile } from "./input_file.ts";
import { isTemporaryName } from "./atomic_output.ts";

/** What the search for extra files needs to know beside the list itself. */
export interface ListExtraFilesOptions {
  /** Real path of the archive that is being written: it is never part of itself. */
  readonly outputPath: string;
  readonly onWarning: (message: string) => void;
}

/** Folders that TorchServe's archiver leaves out wherever they are, with all dot-folders. */
const LEFT_OUT_FOLDERS: readonly string[] = ["__MACOSX", "__pycache__"];

/**
 * Lists the files of an `--extra-files` argument, in the order in which they take their names.
 *
 * A file goes into the archive's root; of a folder its children go there, its own name is
 * lost. Links are followed.
 *
 * @throws {ArchiveError} `input_not_found`, or `input_invalid` for devices and links in a circle.
 */
export async function listExtraFiles(
  argument: string,
  options: ListExtraFilesOptions,
): Promise<InputFile[]> {
  const files: InputFile[] = [];
  for (const piece of argument.split(",").map((text) => text.trim())) {
    if (piece === "") continue;
    for (const path of await resolvePiece(piece, options)) {
      const info = await statExtra(path);
      if (info.isDirectory) {
        await listFolder({ path, prefix: "", ancestors: [] }, files, options);
      } else if (!(await isOutput(path, options))) {
        files.push(toInputFile("extra file", path, basename(path), info));
      }
    }
  }
  return files;
}

/** A pattern that matches nothing may still be a file's real name, such as `a[1].json`. */
async function resolvePiece(piece: string, options: ListExtraFilesOptions): Promise<string[]> {
  if (!hasWildcard(piece)) return [piece];
  const matches = await listGlobMatches(piece);
  if (matches.length > 0) return matches;
  if (await Deno.lstat(piece).catch(() => undefined)) return [piece];
  options.onWarning(`Given wildcard pattern did not match any file: ${piece}`);
  return [];
}

async function statExtra(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    throw toInputError("extra file", path, cause);
  }
}

interface Folder {
  readonly path: string;
  /** Where its children go, empty or with a slash at the end. */
  readonly prefix: string;
  /** Real paths of the folders around it. */
  readonly ancestors: readonly string[];
}

async function listFolder(
  folder: Folder,
  files: InputFile[],
  options: ListExtraFilesOptions,
): Promise<void> {
  const { path, prefix } = folder;
  const realPath = await Deno.realPath(path);
  if (folder.ancestors.includes(realPath)) {
    throw new ArchiveError(
      "input_invalid",
      `Cannot pack extra folder "${path}": it is a link to a folder that holds it`,
    );
  }
  const ancestors = [...folder.ancestors, realPath];
  for (const name of await listNames(path)) {
    const child = join(path, name);
    const info = await statChild(child);
    if (info?.isDirectory) {
      if (name.startsWith(".") || LEFT_OUT_FOLDERS.includes(name)) continue;
      if (await isOutput(child, options)) continue;
      await listFolder({ path: child, prefix: `${prefix}${name}/`, ancestors }, files, options);
    } else if (info?.isFile) {
      if (isTemporaryName(name) || await isOutput(child, options)) continue;
      files.push(toInputFile("extra file", child, prefix + name, info));
    } else {
      const found = info ? "a device, pipe or socket" : "a link that leads nowhere";
      options.onWarning(`Leaving out "${child}": it is ${found}`);
    }
  }
}

async function listNames(path: string): Promise<string[]> {
  try {
    return (await Array.fromAsync(Deno.readDir(path), ({ name }) => name)).sort();
  } catch (cause) {
    throw toInputError("extra folder", path, cause);
  }
}

/** Answers undefined for a link that leads nowhere. */
async function statChild(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (isNotFound(cause)) return undefined;
    throw toInputError("extra file", path, cause);
  }
}

async function isOutput(path: string, { outputPath }: ListExtraFilesOptions): Promise<boolean> {
  return basename(path) === basename(outputPath) && await Deno.realPath(path) === outputPath;
}
