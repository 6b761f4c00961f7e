import { createHash } from "node:crypto";

/**
 * A short text that is another one once a file has changed, or anything in a folder: made of places, sizes
 * and times, not of contents.
 *
 * @returns `undefined` when there is nothing at the path.
 */
export async function readArchivePrint(path: string): Promise<string | undefined> {
  try {
    const hash = createHash("sha256");
    const info = await Deno.stat(path);
    if (info.isDirectory) await addFolder(path, "", hash);
    else hash.update(toLine("", info));
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

async function addFolder(
  root: string,
  folder: string,
  hash: ReturnType<typeof createHash>,
): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(`${root}/${folder}`));
  for (const { name, isDirectory } of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
    const path = folder + name;
    if (isDirectory) await addFolder(root, `${path}/`, hash);
    else hash.update(toLine(path, await Deno.lstat(`${root}/${path}`)));
  }
}

function toLine(path: string, { ino, size, mtime }: Deno.FileInfo): string {
  return `${JSON.stringify(path)} ${ino} ${size} ${mtime?.getTime()}\n`;
}
