import { join } from "node:path";

/** How long a folder stays that no program has said to use. Servers say it once a day. */
const UNUSED_MS = 30 * 24 * 60 * 60 * 1000;

/** A folder of the cache by its contents, a draft of one, or one that is being removed. */
const FOLDER_NAME_REGEXP = /^(?:[0-9a-f]{16}|\.(?:draft|unused)-.+)$/;

/** Says that a folder is in use. Does nothing where it is not there, or is another user's. */
export async function touchFolder(dir: string): Promise<void> {
  const now = new Date();
  await Deno.utime(dir, now, now).catch(() => {});
}

/**
 * Removes from a folder of the cache what nobody has used for 30 days: those of earlier versions, and drafts
 * of killed programs. What cannot be removed stays.
 */
export async function removeUnusedFolders(root: string): Promise<void> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(root)) {
      if (!isDirectory || !FOLDER_NAME_REGEXP.test(name)) continue;
      if (await isUnused(join(root, name))) await removeUnused(root, name);
    }
  } catch {
    // The folder cannot be read, or another program is at the same work.
  }
}

async function isUnused(dir: string): Promise<boolean> {
  const { mtime } = await Deno.lstat(dir);
  return mtime !== null && Date.now() - mtime.getTime() > UNUSED_MS;
}

/** A program that starts meanwhile has said so before the folder is out of its sight, or does not see it. */
async function removeUnused(root: string, name: string): Promise<void> {
  const hidden = join(root, `.unused-${crypto.randomUUID()}`);
  await Deno.rename(join(root, name), hidden);
  if (!await isUnused(hidden)) await Deno.rename(hidden, join(root, name)).catch(() => {});
  else await Deno.remove(hidden, { recursive: true });
}
