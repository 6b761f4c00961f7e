import { basename, join } from "node:path";
import { type FileStamp, toStamp } from "./_download_marks.ts";

/** Longer than a download may go without a byte. */
const LAST_WRITE_MS = 120_000;

/** Hidden, so that nobody takes it for an archive; random, so that two servers never meet. */
const PARTIAL_NAME_REGEXP = /^\.download-[0-9a-f-]{36}\.part$/;

/**
 * A file that is being downloaded, beside the place that it gets when it is whole. Disposing of it removes
 * what has not been put in place.
 *
 * It is locked as long as this process has it, which is how others tell it from what killed servers left.
 */
export class PartialFile implements AsyncDisposable {
  /** Where it grows. */
  readonly path: string;
  readonly #file: Deno.FsFile;
  #writtenBytes = 0;
  #isEnded = false;
  #isClosed = false;

  private constructor(path: string, file: Deno.FsFile) {
    this.path = path;
    this.#file = file;
  }

  static async create(dir: string): Promise<PartialFile> {
    const path = join(dir, `.download-${crypto.randomUUID()}.part`);
    const file = await Deno.open(path, { write: true, createNew: true });
    await file.lock(true);
    return new PartialFile(path, file);
  }

  get name(): string {
    return basename(this.path);
  }

  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let rest = bytes; rest.length > 0;) rest = rest.subarray(await this.#file.write(rest));
    this.#writtenBytes += bytes.length;
  }

  /** Ends the writing: all of it is on the disk then. */
  async finish(): Promise<FileStamp> {
    await this.#file.sync();
    return toStamp(await this.#file.stat());
  }

  /** Takes the place of the file at `path` in one step. To be called once it is finished. */
  replace(path: string): void {
    Deno.renameSync(this.path, path);
    this.#isEnded = true;
    this.forsake();
  }

  /**
   * Makes the finished file appear at `path`, whole.
   *
   * @throws {Deno.errors.AlreadyExists} If something is there.
   */
  async appearAt(path: string): Promise<void> {
    try {
      await Deno.link(this.path, path);
    } catch (error) {
      if (error instanceof Deno.errors.AlreadyExists) throw error;
      await this.#copyTo(path);
    }
  }

  /** Gives the lock up and leaves the file: what then finds it takes it for a killed server's. */
  forsake(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#file.close();
  }

  /** For file systems without hard links: there a reader may see the file grow. */
  async #copyTo(path: string): Promise<void> {
    using target = await Deno.open(path, { write: true, createNew: true });
    try {
      using source = await Deno.open(this.path);
      const bytes = new Uint8Array(1024 * 1024);
      for (let count; (count = await source.read(bytes)) !== null;) {
        for (let rest = bytes.subarray(0, count); rest.length > 0;) {
          rest = rest.subarray(await target.write(rest));
        }
      }
      await target.sync();
      const { atime, mtime } = await this.#file.stat();
      if (atime !== null && mtime !== null) await target.utime(atime, mtime);
      // Whoever keeps this one on keeps its name and its lock.
      await this.#file.truncate(0);
    } catch (error) {
      await Deno.remove(path);
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    await Deno.remove(this.path).finally(() => this.forsake());
  }
}

/**
 * Removes from a folder what servers were downloading when they were killed; what a running server is
 * downloading stays.
 *
 * @param removeDependents Called with the name of each file before it goes.
 * @returns How many files were removed.
 */
export async function removeAbandonedPartials(
  dir: string,
  removeDependents: (name: string) => Promise<void>,
): Promise<number> {
  let removed = 0;
  for await (const { name, isFile } of Deno.readDir(dir)) {
    if (!isFile || !PARTIAL_NAME_REGEXP.test(name)) continue;
    try {
      using file = await Deno.open(join(dir, name), { read: true, write: true });
      if (!await isAbandoned(file)) continue;
      await removeDependents(name);
      await Deno.remove(join(dir, name));
      removed++;
    } catch {
      // Gone meanwhile, or another user's.
    }
  }
  return removed;
}

/** What the types of such a runtime do not know. */
interface LockTrier {
  tryLock?(exclusive?: boolean): Promise<boolean>;
}

/** Runtimes before 2.7 cannot try a lock: there the time of the last byte must do. */
async function isAbandoned(file: Deno.FsFile & LockTrier): Promise<boolean> {
  if (file.tryLock !== undefined) return await file.tryLock(true);
  const { mtime } = await file.stat();
  return mtime !== null && Date.now() - mtime.getTime() > LAST_WRITE_MS;
}
