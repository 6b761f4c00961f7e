import { createTarPacker } from "modern-tar";
import { GzipFile } from "./gzip_file.ts";
import type { ArchiveWriter, PackedEntry } from "./packing.ts";

const NON_ASCII_REGEXP = /[\u0080-\uffff]/;

/**
 * Writes a gzipped PAX tar whose entries lie in one folder, the model's name.
 *
 * There are no entries for folders, and no owner: both would depend on the machine.
 */
export class TgzWriter implements ArchiveWriter {
  readonly #file: GzipFile;
  readonly #prefix: string;
  readonly #packer = createTarPacker();
  readonly #written: Promise<void>;
  /** Why the file cannot be written; the packer says of its own stream only that it is closed. */
  #failure: Error | undefined;

  private constructor(file: GzipFile, modelName: string) {
    this.#file = file;
    this.#prefix = `${modelName}/`;
    this.#written = this.#compress();
    // `add` and `finish` report it.
    this.#written.catch(() => {});
  }

  /** Creates the file, which must not exist. */
  static async create(path: string, modelName: string): Promise<TgzWriter> {
    return new TgzWriter(await GzipFile.create(path), modelName);
  }

  async add(entry: PackedEntry): Promise<void> {
    try {
      const body = this.#open(entry);
      // The packer passes pieces on as they are, so each must be its own.
      for await (const piece of entry.pieces) await body.write(piece.slice());
      await body.close();
    } catch (error) {
      throw this.#failure ?? error;
    }
  }

  async finish(): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    this.#packer.controller.finalize();
    await this.#written;
    await this.#file.finish();
  }

  async dispose(): Promise<void> {
    this.#packer.controller.error(new Error("Disposed"));
    await this.#written.catch(() => {});
    await this.#file.close();
  }

  #open(entry: PackedEntry): WritableStreamDefaultWriter<Uint8Array> {
    const name = this.#prefix + entry.name;
    const body = this.#packer.controller.add({
      name,
      // Plain headers know ASCII only; a name that is too long for one gets its record anyway.
      ...(NON_ASCII_REGEXP.test(name) ? { pax: { path: name } } : {}),
      size: entry.sizeBytes,
      mtime: new Date(entry.modifiedSec * 1000),
      mode: entry.isExecutable ? 0o755 : 0o644,
      type: "file",
      uid: 0,
      gid: 0,
      uname: "",
      gname: "",
    }).getWriter();
    body.closed.catch(() => {});
    return body;
  }

  async #compress(): Promise<void> {
    for await (const bytes of this.#packer.readable) {
      await this.#file.write(bytes).catch((error) => {
        // Known before the stream ends, which the next line does.
        throw this.#failure = error;
      });
    }
  }
}
