import { join } from "node:path";

const TEMPORARY_REGEXP = /^\.snapshot-[0-9a-f-]{36}\.tmp$/;
/** A temporary file of this age belongs to nobody: writing one takes milliseconds. */
const ABANDONED_AFTER_MS = 60_000;

/**
 * Writes a file that is there as a whole or not at all, whenever the process or the machine stops, and
 * answers once it stays. Only this user may read it; a file of that name is replaced.
 */
export async function writeDurableFile(dir: string, fileName: string, text: string): Promise<void> {
  const temporary = join(dir, `.snapshot-${crypto.randomUUID()}.tmp`);
  try {
    await writeAndSync(temporary, new TextEncoder().encode(text));
    await Deno.rename(temporary, join(dir, fileName));
  } catch (error) {
    await Deno.remove(temporary).catch(() => {});
    throw error;
  }
  await syncFolder(dir);
}

/** Removes what killed servers were writing. */
export async function removeAbandonedFiles(dir: string, nowMs: number): Promise<void> {
  for await (const { name } of Deno.readDir(dir)) {
    if (!TEMPORARY_REGEXP.test(name)) continue;
    const { mtime } = await Deno.stat(join(dir, name)).catch(() => ({ mtime: null }));
    if (mtime === null || nowMs - mtime.getTime() < ABANDONED_AFTER_MS) continue;
    await Deno.remove(join(dir, name)).catch(() => {});
  }
}

async function writeAndSync(path: string, bytes: Uint8Array): Promise<void> {
  using file = await Deno.open(path, { write: true, createNew: true, mode: 0o600 });
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
  await file.sync();
}

/** Makes the rename stay; Windows cannot open folders, and keeps its renames by itself. */
async function syncFolder(dir: string): Promise<void> {
  if (Deno.build.os === "windows") return;
  using folder = await Deno.open(dir);
  await folder.sync();
}
