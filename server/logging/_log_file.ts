import { dirname } from "node:path";
import type { FolderHealth } from "./_folder_health.ts";
import { countLines, PendingLines } from "./_pending_lines.ts";
import { finishRotations, rotate, toDayName } from "./_rotation.ts";

/** How long a line may wait for others. */
const FLUSH_INTERVAL_MS = 100;
/** Bytes that are written at once, without waiting on. */
const FLUSH_BYTES = 256 * 1024;
/** Bytes that may wait for a slow disk; what comes on top is lost. */
const MAX_PENDING_BYTES = 16 * 1024 * 1024;

export interface LogFileOptions {
  /** Absolute, `….log`. */
  readonly path: string;
  readonly maxBytes: number;
  readonly now: () => number;
  /** Shared by the files of one folder. */
  readonly health: FolderHealth;
}

/**
 * One file that lines are appended to, in batches, one write after the other.
 *
 * Several processes may append to the same file. Each looks before it writes whether the file at the path is
 * still its own: another process, or logrotate, may have put a new one there.
 */
export class LogFile {
  readonly #options: LogFileOptions;
  readonly #pending = new PendingLines();
  #file: Deno.FsFile | undefined;
  #inode: number | null = null;
  /** The day of what it holds, `30-May`. */
  #day = "";
  #timer: ReturnType<typeof setTimeout> | undefined;
  #flushing: Promise<void> | undefined;
  #compressing: Promise<void> | undefined;
  #isFailing = false;
  #lostLines = 0;
  #isClosed = false;

  constructor(options: LogFileOptions) {
    this.#options = options;
  }

  /** Creates the file and its folder, and takes up rotations that were broken off. Never throws. */
  async open(): Promise<void> {
    try {
      await this.#reopen();
      this.#compress();
    } catch (error) {
      this.#reportFailure(error, 0);
    }
  }

  write(text: string): void {
    if (this.#isClosed) return;
    if (this.#pending.byteLength > MAX_PENDING_BYTES) {
      this.#lostLines += text.split("\n").length - 1;
      return;
    }
    this.#pending.add(text);
    if (this.#flushing !== undefined) return;
    if (this.#pending.byteLength >= FLUSH_BYTES) this.#flushSoon();
    else this.#timer ??= setTimeout(() => this.#flushSoon(), FLUSH_INTERVAL_MS);
  }

  flushSync(): void {
    const bytes = this.#takePending();
    if (bytes.length === 0 || this.#file === undefined) return;
    try {
      writeAllSync(this.#file, bytes);
    } catch {
      // The process ends: there is nobody left to tell.
    }
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#flushing;
    await this.#flush();
    await this.#compressing;
    this.#file?.close();
    this.#file = undefined;
  }

  #takePending(): Uint8Array {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#pending.take();
  }

  #flushSoon(): void {
    this.#flushing ??= this.#flush().finally(() => {
      this.#flushing = undefined;
      if (this.#isClosed || this.#pending.isEmpty) return;
      this.#timer ??= setTimeout(() => this.#flushSoon(), FLUSH_INTERVAL_MS);
    });
  }

  async #flush(): Promise<void> {
    const bytes = this.#takePending();
    if (bytes.length === 0) return;
    try {
      await this.#prepare(bytes.length);
      await writeAll(this.#file!, bytes);
      this.#reportSuccess();
    } catch (error) {
      this.#reportFailure(error, countLines(bytes));
    }
  }

  /** Sees to it that the open file is the one at the path, and has room for so many bytes. */
  async #prepare(byteLength: number): Promise<void> {
    const { path, maxBytes, now } = this.#options;
    const info = statOrUndefined(path);
    if (info === undefined || this.#file === undefined || info.ino !== this.#inode) {
      await this.#reopen();
      return;
    }
    if (info.size === 0) {
      this.#day = toDayName(now());
      return;
    }
    const isFull = info.size + byteLength > maxBytes;
    if (!isFull && this.#day === toDayName(now())) return;
    this.#file.close();
    this.#file = undefined;
    await rotate(path, this.#day);
    await this.#reopen();
    this.#compress();
  }

  async #reopen(): Promise<void> {
    this.#file?.close();
    this.#file = undefined;
    const { path, now } = this.#options;
    await Deno.mkdir(dirname(path), { recursive: true });
    this.#file = await Deno.open(path, { append: true, create: true });
    const { ino, size, mtime } = await this.#file.stat();
    this.#inode = ino;
    this.#day = toDayName(size === 0 || mtime === null ? now() : mtime.getTime());
  }

  /** Compresses what was rotated, one file after the other, while lines go on. */
  #compress(): void {
    this.#compressing = (this.#compressing ?? Promise.resolve())
      .then(() => finishRotations(this.#options.path))
      .catch((error) => this.#options.health.failToCompress(this.#options.path, error));
  }

  #reportFailure(error: unknown, lostLines: number): void {
    this.#lostLines += lostLines;
    this.#isFailing = true;
    this.#options.health.fail(this.#options.path, error);
  }

  #reportSuccess(): void {
    if (!this.#isFailing && this.#lostLines === 0) return;
    const lostLines = this.#lostLines;
    this.#isFailing = false;
    this.#lostLines = 0;
    this.#options.health.succeed(this.#options.path, lostLines);
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length;) {
    written += await file.write(bytes.subarray(written));
  }
}

function writeAllSync(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let written = 0; written < bytes.length;) {
    written += file.writeSync(bytes.subarray(written));
  }
}

/** Waiting for another thread to look would cost fifty times as much as looking. */
function statOrUndefined(path: string): Deno.FileInfo | undefined {
  try {
    return Deno.statSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
