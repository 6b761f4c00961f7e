import { crc32 } from "node:zlib";
import type { ArchiveFile } from "./archive_file.ts";
import type { ArchiveSource, RawEntry } from "./archive_source.ts";
import { inflate } from "./inflate.ts";
import { METHOD_STORED, readZipDirectory, type ZipEntry } from "./zip_directory.ts";
import { ArchiveError } from "../errors.ts";

/** A zip's entries; owns `file` and closes it. */
export class ZipSource implements ArchiveSource {
  readonly kind = "zip";
  readonly path: string;
  readonly packedBytes: number;
  readonly #file: ArchiveFile;
  readonly #maxEntries: number;
  #directory?: readonly ZipEntry[];

  constructor(file: ArchiveFile, maxEntries: number) {
    this.path = file.path;
    this.packedBytes = file.size;
    this.#file = file;
    this.#maxEntries = maxEntries;
  }

  async *entries(): AsyncGenerator<RawEntry> {
    this.#directory ??= await readZipDirectory(this.#file, this.#maxEntries);
    for (const entry of this.#directory) {
      yield {
        name: entry.name,
        type: entry.type,
        size: entry.size,
        packedSize: entry.packedSize,
        chunks: () => this.#chunks(entry),
      };
    }
  }

  async *#chunks(entry: ZipEntry): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    const packed = this.#file.chunks(entry.dataStart, entry.packedSize);
    const what = `entry ${JSON.stringify(entry.name)} of "${this.path}"`;
    const chunks = entry.method === METHOD_STORED
      ? packed
      : inflate(packed, { format: "deflate-raw", what, packedSize: entry.packedSize });
    let crc = 0;
    for await (const chunk of chunks) {
      crc = crc32(chunk, crc);
      yield chunk;
    }
    if (crc !== entry.crc32) {
      throw new ArchiveError(
        "entry_checksum_mismatch",
        `Cannot read ${what}: expected CRC-32 ${toHex(entry.crc32)}, found ${toHex(crc)}`,
      );
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file[Symbol.dispose]();
    return Promise.resolve();
  }
}

function toHex(crc: number): string {
  return crc.toString(16).padStart(8, "0");
}
