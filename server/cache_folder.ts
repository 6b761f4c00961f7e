import { dirname, join } from "node:path";
import { removeUnusedFolders, touchFolder } from "./_unused_folders.ts";

/** How often what is there but broken makes way. */
const MAX_REPLACEMENTS = 3;

/** Of a folder's mode: whether everyone may write there. */
const OTHERS_WRITE_MODE = 0o002;

/** A folder that is made once and then used by every program of the same cache. */
export interface CacheFolder {
  /** The folder around it, in the cache; both are made, for this user alone, when they are not there. */
  readonly root: string;
  /** Says what is in it: other contents get another folder. */
  readonly contents: string;
  /** Writes all of it into an empty folder. */
  fill(draft: string): Promise<void>;
  /** False where something is missing, or the folder is not there. */
  isWhole(dir: string): Promise<boolean>;
}

/**
 * Answers the folder with these contents, and makes it when it is not there or not whole. Programs that do so
 * at the same time do not disturb each other: each fills a draft of its own and gives it the name that counts
 * in one step.
 *
 * Folders beside it that no program has used for 30 days are removed, and drafts of killed programs: opening
 * one is use, and so is {@linkcode keepCacheFolders}.
 *
 * @returns Its path, below the root.
 * @throws {Error} If the cache lies where everyone can make a folder, and is somebody else's.
 */
export async function openCacheFolder(folder: CacheFolder): Promise<string> {
  const { root } = folder;
  await assertOwn(dirname(root));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(folder.contents));
  const dir = join(root, new Uint8Array(digest).toHex().slice(0, 16));
  // Before it is looked at: whoever removes what is not used looks once more.
  await touchFolder(dir);
  if (!await folder.isWhole(dir)) await make(dir, folder);
  await removeUnusedFolders(root);
  return dir;
}

/** To be called once a day for the folders that a running program has open. */
export async function keepCacheFolders(dirs: readonly string[]): Promise<void> {
  await Promise.all(dirs.map(touchFolder));
}

/**
 * What is in the cache is loaded as code. In a folder like the system's temporary one anybody may have made
 * it first, and filled it.
 */
async function assertOwn(cacheDir: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  const around = await Deno.stat(dirname(cacheDir)).catch(() => undefined);
  if (!((around?.mode ?? 0) & OTHERS_WRITE_MODE)) return;
  await Deno.mkdir(cacheDir, { mode: 0o700 }).catch(() => {});
  const { isSymlink, uid } = await Deno.lstat(cacheDir);
  if (!isSymlink && (uid === Deno.uid() || uid === 0)) return;
  throw new Error(
    `${isSymlink ? "a link" : "one"} that user ${uid} has made where everyone can make one`,
  );
}

async function make(dir: string, folder: CacheFolder): Promise<void> {
  const { root } = folder;
  await Deno.mkdir(root, { recursive: true, mode: 0o700 });
  const draft = await Deno.makeTempDir({ dir: root, prefix: ".draft-" });
  try {
    await folder.fill(draft);
    await publish(draft, dir, folder);
  } finally {
    await Deno.remove(draft, { recursive: true }).catch(() => {});
  }
}

/** Gives the draft its name, unless another program has been faster. */
async function publish(draft: string, dir: string, folder: CacheFolder): Promise<void> {
  for (let attempt = 0;; attempt++) {
    try {
      return await Deno.rename(draft, dir);
    } catch (error) {
      if (await folder.isWhole(dir)) return;
      if (attempt === MAX_REPLACEMENTS) throw error;
      const broken = `${draft}-broken-${attempt}`;
      await Deno.rename(dir, broken).catch(() => {});
      await Deno.remove(broken, { recursive: true }).catch(() => {});
    }
  }
}
