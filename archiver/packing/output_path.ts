import { basename, join, sep } from "node:path";
import { existsError } from "./atomic_output.ts";
import { ArchiveError } from "../errors.ts";
import { type InputFile, isNotFound } from "./input_file.ts";
import { MANIFEST_PATH } from "../manifest.ts";
import type { ArchiveFormat } from "../model_archiver_config.ts";

const SUFFIX_BY_FORMAT: Readonly<Record<ArchiveFormat, string>> = {
  "tgz": ".tar.gz",
  "no-archive": "",
  "zip-store": ".mar",
  "default": ".mar",
};

/** Joins as Python does, so that messages name the path as TorchServe's archiver would. */
export function toOutputPath(exportPath: string, modelName: string, format: ArchiveFormat): string {
  const separator = exportPath === "" || exportPath.endsWith("/") ? "" : "/";
  return `${exportPath}${separator}${modelName}${SUFFIX_BY_FORMAT[format]}`;
}

/**
 * Makes the folder that the archive goes into, if it is not there.
 *
 * @throws {ArchiveError} `export_path_invalid`.
 */
export async function ensureExportFolder(
  exportPath: string,
  onWarning: (message: string) => void,
): Promise<void> {
  const path = exportPath === "" ? "." : exportPath;
  try {
    if ((await Deno.stat(path)).isDirectory) return;
    throw notFolderError(exportPath);
  } catch (error) {
    if (error instanceof Deno.errors.NotADirectory) throw notFolderError(exportPath, error);
    if (!isNotFound(error)) throw error;
  }
  onWarning(`Export directory (${exportPath}) does not exist. Creating...`);
  try {
    await Deno.mkdir(path, { recursive: true });
  } catch (cause) {
    throw new ArchiveError(
      "export_path_invalid",
      `Cannot make export path "${exportPath}": the file system refuses it`,
      { cause },
    );
  }
}

/**
 * Refuses to write where something is that may not be replaced.
 *
 * @throws {ArchiveError} `destination_exists`.
 */
export async function assertReplaceable(
  path: string,
  options: {
    readonly format: ArchiveFormat;
    readonly force: boolean;
    readonly onWarning: (message: string) => void;
  },
): Promise<void> {
  const found = await Deno.lstat(path).catch(() => undefined);
  if (!found) return;
  if (!options.force) throw existsError(path);
  if (options.format === "no-archive" ? !(await isModelFolder(path)) : found.isDirectory) {
    const required = options.format === "no-archive"
      ? "only a folder with a manifest is replaced, this is none"
      : "it must be a file, found a folder";
    throw new ArchiveError("destination_exists", `Cannot overwrite "${path}": ${required}`);
  }
  options.onWarning(`Overwriting ${path} ...`);
}

/**
 * Refuses to replace a folder by what lies in it: what was not packed would be lost.
 *
 * @throws {ArchiveError} `input_invalid`.
 */
export async function assertInputsOutside(
  folderPath: string,
  files: readonly InputFile[],
): Promise<void> {
  for (const { path } of files) {
    if (!(await Deno.realPath(path)).startsWith(folderPath + sep)) continue;
    throw new ArchiveError(
      "input_invalid",
      `Cannot pack "${path}": it lies in "${basename(folderPath)}", the folder to be replaced`,
    );
  }
}

async function isModelFolder(path: string): Promise<boolean> {
  if ((await Deno.stat(join(path, MANIFEST_PATH)).catch(() => undefined))?.isFile) return true;
  return (await Array.fromAsync(Deno.readDir(path)).catch(() => [0])).length === 0;
}

function notFolderError(exportPath: string, cause?: unknown): ArchiveError {
  return new ArchiveError(
    "export_path_invalid",
    `Given export-path ${exportPath} is not a directory. ` +
      "Point to a valid export-path directory.",
    { cause },
  );
}
