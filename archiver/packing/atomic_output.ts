import { basename, dirname, join } from "node:path";
import { ArchiveError } from "../errors.ts";

const TEMPORARY_NAME_REGEXP = /^\..+\.[0-9a-f-]{36}\.marina-tmp$/;

/**
 * A name beside the target, so that a rename puts it in place: hidden, and unique, so that two
 * runs never meet.
 */
export function toTemporaryPath(targetPath: string): string {
  const name = `.${basename(targetPath)}.${crypto.randomUUID()}.marina-tmp`;
  return join(dirname(targetPath), name);
}

/** True for a name made by {@linkcode toTemporaryPath}. */
export function isTemporaryName(name: string): boolean {
  return TEMPORARY_NAME_REGEXP.test(name);
}

export interface WriteAtomicallyOptions {
  /** Whether something at the target may be replaced. */
  readonly force: boolean;
  /** Writes the whole content to the path it is given, flushed to disk. */
  readonly write: (temporaryPath: string) => Promise<void>;
}

/**
 * Makes a file or a folder appear at `targetPath` whole or not at all.
 *
 * Until the last step, which is a rename, what is at the target stays as it is. On any failure
 * the temporary file or folder is removed.
 *
 * @throws {ArchiveError} `destination_exists` if there is something at the target, which may
 * have come since the caller looked, and `force` is off; and whatever `write` throws.
 */
export async function writeAtomically(
  targetPath: string,
  options: WriteAtomicallyOptions,
): Promise<void> {
  const temporaryPath = toTemporaryPath(targetPath);
  try {
    await options.write(temporaryPath);
    const isFolder = (await Deno.stat(temporaryPath)).isDirectory;
    if (isFolder) await moveFolder(temporaryPath, targetPath, options.force);
    else await moveFile(temporaryPath, targetPath, options.force);
    await syncFolder(dirname(targetPath));
  } finally {
    await Deno.remove(temporaryPath, { recursive: true }).catch(() => {});
  }
}

/** A hard link, unlike a rename, fails when the target has come into being meanwhile. */
async function moveFile(from: string, to: string, force: boolean): Promise<void> {
  if (force) return await Deno.rename(from, to);
  try {
    await Deno.link(from, to);
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) throw existsError(to, error);
    // Some file systems have no hard links.
    await Deno.rename(from, to);
  }
}

/** Enough for all who could write under one name at once. */
const MAX_MOVES = 100;

/**
 * Folders cannot be swapped in one step: the old one is moved aside first, and back if the new
 * one does not get in. Another process may do the same, so it is tried again.
 */
async function moveFolder(from: string, to: string, force: boolean): Promise<void> {
  const asidePaths: string[] = [];
  for (let move = 1;; move++) {
    try {
      await Deno.rename(from, to);
      break;
    } catch (error) {
      const isTaken = await exists(to);
      if (isTaken && !force) throw existsError(to, error);
      if (move === MAX_MOVES) {
        const lastPath = asidePaths.at(-1);
        if (!isTaken && lastPath !== undefined) await Deno.rename(lastPath, to);
        throw error;
      }
      // It was taken a moment ago, and another process has just moved it aside.
      if (!isTaken) continue;
    }
    const asidePath = toTemporaryPath(to);
    const isMoved = await Deno.rename(to, asidePath).then(() => true, ignoreNotFound);
    if (isMoved) asidePaths.push(asidePath);
  }
  for (const path of asidePaths) await Deno.remove(path, { recursive: true });
}

function ignoreNotFound(error: unknown): false {
  if (error instanceof Deno.errors.NotFound) return false;
  throw error;
}

/** Makes the rename itself durable; systems that cannot open a folder do without. */
async function syncFolder(path: string): Promise<void> {
  try {
    using folder = await Deno.open(path);
    await folder.sync();
  } catch {
    // The archive is in place all the same.
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

/** The text is that of TorchServe's archiver. */
export function existsError(path: string, cause?: unknown): ArchiveError {
  return new ArchiveError(
    "destination_exists",
    `${path} already exists.\n` +
      "Please specify --force/-f option to overwrite the model archive output file.\n" +
      "See -h/--help for more details.",
    { cause },
  );
}
