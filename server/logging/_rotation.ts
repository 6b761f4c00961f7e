/** A full or old log file becomes `access_log.30-May.log`, then `access_log.30-May.log.gz`. */
import { basename, dirname, join } from "node:path";

/** TorchServe's: log4j2.xml says `max="5"`. */
const KEPT_FILES = 5;
/** A half-compressed file that nobody has written to for so long was left by a process that was killed. */
const ABANDONED_AFTER_MS = 60_000;
const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

/** `30-May`, in the machine's own zone: log4j's `dd-MMM`. */
export function toDayName(atMs: number): string {
  const date = new Date(atMs);
  return `${String(date.getDate()).padStart(2, "0")}-${MONTHS[date.getMonth()]}`;
}

/**
 * Moves a log file out of the way, to its name with the day in it; the second one of a day is
 * `access_log.30-May.2.log`, where TorchServe wrote over the first.
 */
export async function rotate(path: string, day: string): Promise<void> {
  const stem = path.slice(0, -".log".length);
  for (let count = 1;; count++) {
    const target = `${stem}.${day}${count === 1 ? "" : `.${count}`}.log`;
    if (await exists(target) || await exists(`${target}.gz`)) continue;
    return await Deno.rename(path, target);
  }
}

/** Compresses what `rotate` has moved, also what a process left that ended too early, and keeps five. */
export async function finishRotations(path: string): Promise<void> {
  const dir = dirname(path);
  const stem = basename(path).slice(0, -".log".length);
  const isRotated = (name: string, end: string): boolean =>
    name.startsWith(`${stem}.`) && name.endsWith(end) &&
    /^\d\d-[A-Z][a-z]{2}(\.\d+)?$/.test(name.slice(stem.length + 1, -end.length));
  const names = await Array.fromAsync(Deno.readDir(dir), ({ name }) => name);
  for (const name of names.filter((name) => isRotated(name, ".log")).sort()) {
    await compress(join(dir, name));
  }
  const archives: { readonly file: string; readonly atMs: number }[] = [];
  for await (const { name } of Deno.readDir(dir)) {
    if (!isRotated(name, ".log.gz")) continue;
    const file = join(dir, name);
    archives.push({ file, atMs: (await Deno.stat(file)).mtime?.getTime() ?? 0 });
  }
  archives.sort((a, b) => b.atMs - a.atMs);
  for (const { file } of archives.slice(KEPT_FILES)) await removeIfThere(file);
}

/** Compresses one file in pieces of 64 KiB; another process that does the same is left to it. */
async function compress(path: string): Promise<void> {
  const unfinished = `${path}.gz.tmp`;
  const output = await openAlone(unfinished);
  if (output === undefined) return;
  try {
    const input = await Deno.open(path);
    const { mtime } = await input.stat();
    await input.readable.pipeThrough(new CompressionStream("gzip")).pipeTo(output.writable);
    if (mtime !== null) await Deno.utime(unfinished, mtime, mtime);
    await Deno.rename(unfinished, `${path}.gz`);
    await removeIfThere(path);
  } catch (error) {
    await removeIfThere(unfinished);
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

async function openAlone(path: string): Promise<Deno.FsFile | undefined> {
  const info = await Deno.stat(path).catch(() => undefined);
  const writtenAtMs = info?.mtime?.getTime() ?? 0;
  if (info !== undefined && Date.now() - writtenAtMs > ABANDONED_AFTER_MS) {
    await removeIfThere(path);
  }
  try {
    return await Deno.open(path, { write: true, createNew: true });
  } catch (error) {
    if (error instanceof Deno.errors.AlreadyExists) return undefined;
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  return await Deno.lstat(path).then(() => true, () => false);
}

async function removeIfThere(path: string): Promise<void> {
  await Deno.remove(path).catch((error) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
}
