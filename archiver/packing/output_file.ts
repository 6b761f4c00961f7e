/**
 * A file that is written front to back, whose disk writes run while the next bytes are made.
 *
 * A buffer handed over must stay untouched until the next `write` has resolved.
 */
export class OutputFile {
  readonly #file: Deno.FsFile;
  #pending: Promise<void> = Promise.resolve();
  #positionBytes = 0;

  private constructor(file: Deno.FsFile) {
    this.#file = file;
  }

  /** Creates a file that must not exist yet, readable by all: `0644` less the process's mask. */
  static async create(path: string, mode = 0o644): Promise<OutputFile> {
    return new OutputFile(await Deno.open(path, { write: true, createNew: true, mode }));
  }

  /** Bytes handed over so far. */
  get positionBytes(): number {
    return this.#positionBytes;
  }

  /** Resolves once the bytes *before* these are written, or throws if that failed. */
  async write(bytes: Uint8Array): Promise<void> {
    await this.#pending;
    this.#positionBytes += bytes.length;
    this.#pending = writeAll(this.#file, bytes);
    // Whoever waits next reports it.
    this.#pending.catch(() => {});
  }

  /** Resolves once everything handed over is written. */
  async flush(): Promise<void> {
    await this.#pending;
  }

  /** Writes over bytes that were written before; the position stays at the end. */
  async patch(positionBytes: number, bytes: Uint8Array): Promise<void> {
    await this.flush();
    await this.#file.seek(positionBytes, Deno.SeekMode.Start);
    await writeAll(this.#file, bytes);
    await this.#file.seek(this.#positionBytes, Deno.SeekMode.Start);
  }

  /** Resolves once the bytes would survive a power cut. */
  async sync(): Promise<void> {
    await this.flush();
    await this.#file.sync();
  }

  /** Waits for the write under way, so that its buffer is free and its file can be removed. */
  async close(): Promise<void> {
    await this.#pending.catch(() => {});
    this.#file.close();
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) at += await file.write(bytes.subarray(at));
}
