import { crc32 } from "node:zlib";
import { Deflater } from "./deflater.ts";
import { OutputFile } from "./output_file.ts";
import type { ArchiveWriter, PackedEntry } from "./packing.ts";
import { toDosTime } from "./timestamps.ts";
import {
  needsZip64,
  toDirectoryHeader,
  toLocalHeader,
  toZipEnd,
  type ZipRecord,
} from "./zip_records.ts";

/** zlib's own default, and so Python's. */
const DEFLATE_LEVEL = 6;

/**
 * Writes a zip without data descriptors, with memory for a few pieces whatever the sizes.
 *
 * Each local header is written twice: once to hold its place, once with the CRC and the sizes
 * found. Java's streaming reader refuses stored entries that keep them behind the data.
 */
export class ZipWriter implements ArchiveWriter {
  readonly #file: OutputFile;
  readonly #isStored: boolean;
  readonly #records: ZipRecord[] = [];

  private constructor(file: OutputFile, isStored: boolean) {
    this.#file = file;
    this.#isStored = isStored;
  }

  /** Creates the file, which must not exist; `isStored` leaves all entries uncompressed. */
  static async create(path: string, isStored: boolean): Promise<ZipWriter> {
    return new ZipWriter(await OutputFile.create(path), isStored);
  }

  async add(entry: PackedEntry): Promise<void> {
    const placeholder: ZipRecord = {
      name: new TextEncoder().encode(entry.name),
      isStored: this.#isStored,
      dosTime: toDosTime(entry.modifiedSec),
      crc32: 0,
      packedBytes: 0,
      sizeBytes: 0,
      mode: entry.isExecutable ? 0o755 : 0o644,
      isZip64: needsZip64(entry.sizeBytes),
      offsetBytes: this.#file.positionBytes,
    };
    await this.#file.write(toLocalHeader(placeholder));
    const startBytes = this.#file.positionBytes;
    const checksum = this.#isStored ? await this.#store(entry) : await this.#deflate(entry);
    const record = {
      ...placeholder,
      crc32: checksum,
      sizeBytes: entry.sizeBytes,
      packedBytes: this.#file.positionBytes - startBytes,
    };
    await this.#file.patch(record.offsetBytes, toLocalHeader(record));
    this.#records.push(record);
  }

  async finish(): Promise<void> {
    const offsetBytes = this.#file.positionBytes;
    for (const record of this.#records) await this.#file.write(toDirectoryHeader(record));
    const sizeBytes = this.#file.positionBytes - offsetBytes;
    const entryCount = this.#records.length;
    await this.#file.write(toZipEnd({ entryCount, offsetBytes, sizeBytes }));
    await this.#file.sync();
  }

  async dispose(): Promise<void> {
    await this.#file.close();
  }

  async #store(entry: PackedEntry): Promise<number> {
    let checksum = 0;
    for await (const piece of entry.pieces) {
      checksum = crc32(piece, checksum);
      await this.#file.write(piece);
    }
    return checksum;
  }

  async #deflate(entry: PackedEntry): Promise<number> {
    const deflater = new Deflater(DEFLATE_LEVEL);
    try {
      let checksum = 0;
      for await (const piece of entry.pieces) {
        checksum = crc32(piece, checksum);
        for (const bytes of await deflater.push(piece)) await this.#file.write(bytes);
      }
      for (const bytes of await deflater.finish()) await this.#file.write(bytes);
      return checksum;
    } finally {
      deflater.close();
    }
  }
}
