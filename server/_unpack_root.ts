import { basename, dirname, join } from "node:path";
import { readPlace, readStartTicks } from "./_process_identity.ts";

const PREFIX = "marina-models-";

/** The name of a root that tells its owner: place, number of the process, its start. */
const OWNED_ROOT_REGEXP = /^marina-models-([0-9a-f]{12})-(\d+)-(\d+)-/;

/**
 * Makes the folder into which a server unpacks its archives, below a folder of temporary files, the
 * system's unless given. The caller removes it.
 *
 * On Linux its name also says whose it is, so that a later server can tell that its owner was killed.
 */
export async function createUnpackRoot(dir?: string): Promise<string> {
  const place = readPlace();
  const startTicks = place && readStartTicks(Deno.pid);
  const owner = startTicks === undefined ? "" : `${place}-${Deno.pid}-${startTicks}-`;
  return await Deno.makeTempDir({ dir, prefix: PREFIX + owner });
}

/**
 * Removes the roots beside `root` that servers have left behind which were killed: folders of this user
 * whose owner ran in this boot and this process namespace, and runs no more. All others stay, and what
 * cannot be removed stays too.
 *
 * @throws {Error} If the folder around `root` cannot be listed.
 */
export async function removeAbandonedRoots(root: string): Promise<void> {
  const place = readPlace();
  if (place === undefined) return;
  const parent = dirname(root);
  for await (const { name, isDirectory } of Deno.readDir(parent)) {
    const owner = OWNED_ROOT_REGEXP.exec(name);
    if (!isDirectory || owner === null || owner[1] !== place || name === basename(root)) continue;
    const path = join(parent, name);
    try {
      if ((await Deno.lstat(path)).uid !== Deno.uid()) continue;
      if (readStartTicks(Number(owner[2])) === owner[3]) continue;
      await Deno.remove(path, { recursive: true });
    } catch {
      // Another server is at it, or the kernel does not tell whether its owner runs.
    }
  }
}
