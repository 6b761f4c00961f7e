import { join } from "node:path";

/** How often what is there but broken makes way. */
const MAX_REPLACEMENTS = 3;

/** A folder that is made once and then used by every program of the same cache. */
export interface CacheFolder {
  /** The folder around it; it is made, for this user alone, when it is not there. */
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
 * @returns Its path, below the root.
 */
export async function openCacheFolder(folder: CacheFolder): Promise<string> {
  const { root } = folder;
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(folder.contents));
  const dir = join(root, new Uint8Array(digest).toHex().slice(0, 16));
  if (await folder.isWhole(dir)) return dir;
  await Deno.mkdir(root, { recursive: true, mode: 0o700 });
  const draft = await Deno.makeTempDir({ dir: root, prefix: ".draft-" });
  try {
    await folder.fill(draft);
    await publish(draft, dir, folder);
  } finally {
    await Deno.remove(draft, { recursive: true }).catch(() => {});
  }
  return dir;
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
