import { dirname, join } from "node:path";
import { ArchiveError } from "../errors.ts";

/**
 * The folder that an archive is unpacked into: the only place that writes paths which came from
 * an archive. Each of them went through `assertEntryPath()` before.
 *
 * Nothing that exists is ever opened for writing, and no link is ever made,
 * so nothing outside the folder can be reached.
 */
export class UnpackFolder {
  /** Absolute real path. */
  readonly path: string;
  readonly #folders = new Set<string>();

  private constructor(path: string) {
    this.path = path;
  }

  /** @throws {ArchiveError} `destination_exists`. */
  static async create(path: string): Promise<UnpackFolder> {
    await Deno.mkdir(dirname(path), { recursive: true });
    try {
      await Deno.mkdir(path, { mode: 0o755 });
    } catch (cause) {
      if (!(cause instanceof Deno.errors.AlreadyExists)) throw cause;
      throw new ArchiveError(
        "destination_exists",
        `Cannot unpack into "${path}": expected a path where nothing is, found a file or folder`,
        { cause },
      );
    }
    return new UnpackFolder(await Deno.realPath(path));
  }

  async makeFolder(entryPath: string): Promise<void> {
    if (entryPath === "." || this.#folders.has(entryPath)) return;
    await Deno.mkdir(join(this.path, entryPath), { recursive: true, mode: 0o755 });
    this.#folders.add(entryPath);
  }

  /**
   * Writes one new file, a chunk behind the reader.
   *
   * Mode 0644 whatever the archive says, so that nothing becomes executable or set-uid.
   */
  async writeFile(
    entryPath: string,
    chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    await this.makeFolder(dirname(entryPath));
    using file = await Deno.open(join(this.path, entryPath), {
      write: true,
      createNew: true,
      mode: 0o644,
    });
    let pending: Promise<void> = Promise.resolve();
    try {
      for await (const chunk of chunks) {
        await pending;
        pending = writeAll(file, chunk);
        pending.catch(() => {}); // awaited below; here only so that it is not "unhandled" till then
      }
      await pending;
    } catch (error) {
      await pending.catch(() => {});
      throw error;
    }
  }

  /** Moves an unpacked file or folder to where nothing is yet. */
  async move(from: string, to: string): Promise<void> {
    await this.makeFolder(dirname(to));
    await Deno.rename(join(this.path, from), join(this.path, to));
  }

  /** Deletes the folder with all that is in it; again does nothing. */
  async remove(): Promise<void> {
    try {
      await Deno.remove(this.path, { recursive: true });
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}
