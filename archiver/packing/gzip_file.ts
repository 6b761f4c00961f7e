import { crc32 } from "node:zlib";
import { Deflater } from "./deflater.ts";
import { OutputFile } from "./output_file.ts";

/**
 * [RFC 1952](https://www.rfc-editor.org/rfc/rfc1952) §2.3: no name, no time, "slowest" as
 * compression and "unknown" as system, so that nothing in it depends on the machine.
 */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255);
const LEVEL = 9;

/** A gzip file that is written front to back, in bounded memory. */
export class GzipFile {
  readonly #file: OutputFile;
  readonly #deflater = new Deflater(LEVEL);
  #checksum = 0;
  #sizeBytes = 0;

  private constructor(file: OutputFile) {
    this.#file = file;
  }

  /** Creates the file, which must not exist. */
  static async create(path: string): Promise<GzipFile> {
    const gzip = new GzipFile(await OutputFile.create(path));
    await gzip.#file.write(HEADER);
    return gzip;
  }

  async write(piece: Uint8Array): Promise<void> {
    this.#checksum = crc32(piece, this.#checksum);
    this.#sizeBytes += piece.length;
    for (const bytes of await this.#deflater.push(piece)) await this.#file.write(bytes);
  }

  /** Completes the file and flushes it to disk. */
  async finish(): Promise<void> {
    for (const bytes of await this.#deflater.finish()) await this.#file.write(bytes);
    const trailer = new DataView(new ArrayBuffer(8));
    trailer.setUint32(0, this.#checksum, true);
    trailer.setUint32(4, this.#sizeBytes % 2 ** 32, true);
    await this.#file.write(new Uint8Array(trailer.buffer));
    await this.#file.sync();
  }

  async close(): Promise<void> {
    this.#deflater.close();
    await this.#file.close();
  }
}
