import { join } from "node:path";
import { FolderHealth } from "./_folder_health.ts";
import { LogFile } from "./_log_file.ts";

/** The files of a server, by TorchServe's names without their `.log`. */
export type LogFileName =
  | "access_log"
  | "ts_log"
  | "model_log"
  | "ts_metrics"
  | "model_metrics";

export interface OpenLogFilesOptions {
  /** Absolute; made if it is not there. */
  readonly dir: string;
  /** The same for `ts_metrics` and `model_metrics`. */
  readonly metricsDir: string;
  /** Told once when files of a folder cannot be written, and once more when they can again. */
  readonly onTrouble: (message: string, fields: LogFileTrouble) => void;
  /** Bytes above which a file is rotated, 100 MiB unless given. */
  readonly maxFileBytes?: number;
  /** Milliseconds since the epoch; the system's clock unless given. */
  readonly now?: () => number;
}

/** What goes with a trouble's message; it is for the operator, and names the file. */
export interface LogFileTrouble {
  readonly file: string;
  readonly reason?: string;
  readonly lostLines?: number;
}

/** TorchServe's: log4j2.xml says `size="100 MB"`. */
const MAX_FILE_BYTES = 100 * 1024 * 1024;

/**
 * The five log files, open for appending.
 *
 * Lines are gathered for up to 100 ms or 256 KiB and written together, away from the requests; `close()`
 * writes the rest. A file that cannot be written loses its lines, and nothing else is lost with it. Each is
 * rotated daily and at 100 MiB to `access_log.30-May.log.gz`, and the newest five of these are kept.
 */
export class LogFiles implements AsyncDisposable {
  readonly #files: Readonly<Record<LogFileName, LogFile>>;

  private constructor(files: Readonly<Record<LogFileName, LogFile>>) {
    this.#files = files;
  }

  /** Opens all of them, empty ones too: launchers and tests look for their names. Never throws. */
  static async open(options: OpenLogFilesOptions): Promise<LogFiles> {
    const { dir, metricsDir, onTrouble } = options;
    const maxBytes = options.maxFileBytes ?? MAX_FILE_BYTES;
    const now = options.now ?? Date.now;
    const health = new FolderHealth(onTrouble);
    const metricsHealth = dir === metricsDir ? health : new FolderHealth(onTrouble);
    const server = (name: string): LogFile =>
      new LogFile({ path: join(dir, `${name}.log`), maxBytes, now, health });
    const metrics = (name: string): LogFile =>
      new LogFile({ path: join(metricsDir, `${name}.log`), maxBytes, now, health: metricsHealth });
    const files = {
      access_log: server("access_log"),
      ts_log: server("ts_log"),
      model_log: server("model_log"),
      ts_metrics: metrics("ts_metrics"),
      model_metrics: metrics("model_metrics"),
    };
    await Promise.all(Object.values(files).map((file) => file.open()));
    return new LogFiles(files);
  }

  /** Adds whole lines, line feeds included. */
  write(name: LogFileName, text: string): void {
    this.#files[name].write(text);
  }

  /** Writes what is gathered, for a process that ends in this very turn. */
  flushSync(): void {
    for (const file of Object.values(this.#files)) file.flushSync();
  }

  /** Writes what is gathered, finishes a rotation that is under way, and closes all of them. */
  async close(): Promise<void> {
    await Promise.all(Object.values(this.#files).map((file) => file.close()));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}
