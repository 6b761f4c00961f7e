import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { FolderReport } from "./report.ts";

/** A folder that a server of the config uses. */
export interface CheckedFolder {
  readonly name: string;
  /** Absolute; it may not be there yet. */
  readonly path: string;
  /** Whether a server cannot do without writing there. */
  readonly mustBeWritable: boolean;
}

/** Writes a file into the folder, or into the one around it in which it would be made, and removes it. */
export async function checkFolder(folder: CheckedFolder): Promise<FolderReport> {
  const { name, path, mustBeWritable } = folder;
  const common = { name, path, mustBeWritable };
  const dir = await findExisting(path);
  const freeBytes = await countFree(dir);
  try {
    await Deno.remove(await Deno.makeTempFile({ dir, prefix: ".marina-doctor-" }));
    return { ...common, isWritable: true, freeBytes };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    const reason = message.replace(/ \(os error \d+\).*$/s, "");
    return { ...common, isWritable: false, freeBytes, reason };
  }
}

async function findExisting(path: string): Promise<string> {
  for (let dir = path;; dir = dirname(dir)) {
    const info = await Deno.stat(dir).catch(() => undefined);
    if (info !== undefined || dir === dirname(dir)) return dir;
  }
}

async function countFree(dir: string): Promise<number | undefined> {
  try {
    const { bsize, bavail } = await statfs(dir);
    return bsize * bavail;
  } catch {
    return undefined;
  }
}
