import { join } from "node:path";

/** How long a folder stays that no program has said to use. Servers say it once a day. */
const UNUSED_MS = 30 * 24 * 60 * 60 * 1000;

/** How long a draft stays, which takes seconds to fill: one that is older was killed. */
const DRAFT_MS = 60 * 60 * 1000;

/** A folder of the cache by its contents, a draft of one, or one that is being removed. */
const FOLDER_NAME_REGEXP = /^(?:[0-9a-f]{16}|\.(?:draft|unused)-.+)$/;

/** Says that a folder is in use. Does nothing where it is not there, or is another user's. */
export async function touchFolder(dir: string): Promise<void> {
  const now = new Date();
  await Deno.utime(dir, now, now).catch(() => {});
}

/**
 * Removes from a folder of the cache what nobody has used for 30 days, those of earlier versions, and after an
 * hour the drafts of killed programs: each start that is killed leaves one. What cannot be removed stays.
 */
export async function removeUnusedFolders(root: string): Promise<void> {
  try {
    for await (const { name, isDirectory } of Deno.readDir(root)) {
      if (!isDirectory || !FOLDER_NAME_REGEXP.test(name)) continue;
      const limitMs = name.startsWith(".") ? DRAFT_MS : UNUSED_MS;
      if (await isOlder(join(root, name), limitMs)) await removeOlder(root, name, limitMs);
    }
  } catch {
    // The folder cannot be read, or another program is at the same work.
  }
}

async function isOlder(dir: string, limitMs: number): Promise<boolean> {
  const { mtime } = await Deno.lstat(dir);
  return mtime !== null && Date.now() - mtime.getTime() > limitMs;
}

/** A program that starts meanwhile has said so before the folder is out of its sight, or does not see it. */
async function removeOlder(root: string, name: string, limitMs: number): Promise<void> {
  const hidden = join(root, `.unused-${crypto.randomUUID()}`);
  await Deno.rename(join(root, name), hidden);
  if (!await isOlder(hidden, limitMs)) await Deno.rename(hidden, join(root, name)).catch(() => {});
  else await Deno.remove(hidden, { recursive: true });
}
