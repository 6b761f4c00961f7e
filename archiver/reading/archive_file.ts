import { ArchiveError } from "../errors.ts";

/** Two of them in flight keep disk and inflater busy; larger ones were not faster. */
const CHUNK_BYTES = 256 * 1024;

/**
 * An archive's file, open for reads at any position, one at a time.
 *
 * All reads go to the file that was opened, also when its path has been replaced since.
 */
export class ArchiveFile implements Disposable {
  readonly path: string;
  /** In bytes, when it was opened. */
  readonly size: number;
  readonly #file: Deno.FsFile;

  private constructor(path: string, size: number, file: Deno.FsFile) {
    this.path = path;
    this.size = size;
    this.#file = file;
  }

  static async open(path: string): Promise<ArchiveFile> {
    const file = await Deno.open(path);
    try {
      return new ArchiveFile(path, (await file.stat()).size, file);
    } catch (error) {
      file.close();
      throw error;
    }
  }

  /** @throws {ArchiveError} `archive_truncated` if the file ends before. */
  async readAt(position: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = new Uint8Array(length);
    this.#file.seekSync(position, Deno.SeekMode.Start);
    for (let filled = 0; filled < length;) {
      const count = await this.#file.read(bytes.subarray(filled));
      if (count === null) {
        throw new ArchiveError(
          "archive_truncated",
          `Cannot read "${this.path}": expected ${length} bytes at ${position}, found ${filled}`,
        );
      }
      filled += count;
    }
    return bytes;
  }

  /** Fresh chunks that the caller may keep. */
  async *chunks(position: number, length: number): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const end = position + length;
    for (let at = position; at < end; at += CHUNK_BYTES) {
      yield await this.readAt(at, Math.min(CHUNK_BYTES, end - at));
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }
}
