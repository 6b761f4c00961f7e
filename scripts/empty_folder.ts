import { join } from "node:path";

/**
 * Empties the folder that a script writes into, and makes it where it is not there.
 *
 * @param isOwn Whether an entry of that name may be what the script made at an earlier time.
 * @throws {Error} If the folder holds anything else; nothing is removed then.
 */
export async function emptyFolder(dir: string, isOwn: (name: string) => boolean): Promise<void> {
  await Deno.mkdir(dir, { recursive: true });
  const names = await Array.fromAsync(Deno.readDir(dir), ({ name }) => name);
  const foreign = names.sort().find((name) => !isOwn(name));
  if (foreign !== undefined) {
    throw new Error(
      `Cannot empty "${dir}": it must be new or of an earlier run, found "${foreign}"; name another with --output-dir`,
    );
  }
  for (const name of names) await Deno.remove(join(dir, name), { recursive: true });
}
