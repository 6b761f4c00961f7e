import type { ArchiveFile } from "./archive_file.ts";
import type { ArchiveSource, RawEntry } from "./archive_source.ts";
import { ChunkReader } from "./chunk_reader.ts";
import { inflate } from "./inflate.ts";
import {
  isZeroBlock,
  parseLongName,
  parsePaxRecords,
  parseTarHeader,
  TAR_BLOCK_BYTES,
} from "./tar_header.ts";
import { ArchiveError, type ArchiveErrorCode } from "../errors.ts";

/** Of one PAX or long-name record; real ones have a few hundred bytes. */
const MAX_RECORD_BYTES = 64 * 1024;
/** Zeros behind the end: tapes pad to a record of at most 1 MiB. */
const MAX_PADDING_BYTES = 2 * 1024 * 1024;

const TYPE_NAME_BY_FLAG: Readonly<Record<string, string>> = {
  "1": "a hard link",
  "2": "a symbolic link",
  "3": "a character device",
  "4": "a block device",
  "6": "a pipe",
  S: "a sparse file",
};

/** What PAX and GNU records say about the entry that follows them. */
interface Overrides {
  readonly name?: string;
  readonly size?: number;
}

/** A gzipped tar's entries; owns `file` and closes it. */
export class TarSource implements ArchiveSource {
  readonly kind = "tgz";
  readonly path: string;
  readonly packedBytes: number;
  readonly #file: ArchiveFile;
  readonly #maxEntries: number;

  constructor(file: ArchiveFile, maxEntries: number) {
    this.path = file.path;
    this.packedBytes = file.size;
    this.#file = file;
    this.#maxEntries = maxEntries;
  }

  async *entries(): AsyncGenerator<RawEntry> {
    const reader = new ChunkReader(
      inflate(this.#file.chunks(0, this.#file.size), { format: "gzip", what: `"${this.path}"` }),
      () => this.#fail("archive_truncated", "the tar ends too early"),
    );
    try {
      yield* this.#walk(reader);
      await this.#assertOnlyPadding(reader);
    } finally {
      await reader.close();
    }
  }

  async *#walk(reader: ChunkReader): AsyncGenerator<RawEntry> {
    let overrides: Overrides = {};
    let globalRecords = 0;
    for (;;) {
      const block = await reader.read(TAR_BLOCK_BYTES);
      if (isZeroBlock(block)) return await this.#assertEndMark(reader, overrides);
      const header = parseTarHeader(block);
      if (typeof header === "string") throw this.#fail("archive_corrupt", header);
      if ("xgLK".includes(header.type)) {
        if (header.type === "g" && ++globalRecords > this.#maxEntries) {
          throw this.#fail("too_many_entries", `more than ${this.#maxEntries} global records`);
        }
        const content = await this.#readRecord(reader, header.size);
        overrides = this.#override(overrides, header.type, content);
        continue;
      }
      const fullName = overrides.name ?? header.name;
      const size = overrides.size ?? header.size;
      overrides = {};
      const isFolder = header.type === "5" || (header.type === "0" && fullName.endsWith("/"));
      if (header.type !== "0" && header.type !== "5") {
        throw this.#failEntry("entry_type_refused", fullName, describeType(header.type));
      }
      if (isFolder && size !== 0) {
        throw this.#failEntry("archive_corrupt", fullName, "it is a folder with content");
      }
      const end = reader.position + size;
      // "./a" and "a" are one file; "." alone is the folder itself.
      const name = toPlainName(fullName);
      if (name !== "") {
        yield {
          name,
          type: isFolder ? "folder" : "file",
          size,
          chunks: () => reader.chunks(size),
        };
      } else if (!isFolder) {
        throw this.#failEntry("entry_name_invalid", fullName, "the name is empty");
      }
      await reader.skip(end - reader.position);
      await reader.skip((TAR_BLOCK_BYTES - (size % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES);
    }
  }

  async #readRecord(reader: ChunkReader, size: number): Promise<Uint8Array> {
    if (size > MAX_RECORD_BYTES) {
      throw this.#fail(
        "archive_corrupt",
        `a record has ${size} bytes, at most ${MAX_RECORD_BYTES}`,
      );
    }
    const padding = (TAR_BLOCK_BYTES - (size % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;
    return (await reader.read(size + padding)).subarray(0, size);
  }

  /** A second record that names the same entry differently is a trick, not a format. */
  #override(overrides: Overrides, type: string, content: Uint8Array): Overrides {
    if (type === "L" || type === "K") {
      const name = parseLongName(content);
      if (name === undefined) throw this.#fail("entry_name_invalid", "a long name is not UTF-8");
      if (type === "K") return overrides;
      return this.#merge(overrides, { name });
    }
    const records = parsePaxRecords(content);
    if (!records) throw this.#fail("archive_corrupt", "a PAX record is malformed");
    if ([...records.keys()].some((key) => key.startsWith("GNU.sparse."))) {
      throw this.#fail("entry_type_refused", "expected files and folders, found a sparse file");
    }
    const name = records.get("path");
    const sizeText = records.get("size");
    if (type === "g") {
      if (name !== undefined || sizeText !== undefined) {
        throw this.#fail("archive_corrupt", "a global PAX record gives a name or a size");
      }
      return overrides;
    }
    const size = sizeText === undefined ? undefined : Number(sizeText);
    if (sizeText !== undefined && !(/^[0-9]+$/.test(sizeText) && Number.isSafeInteger(size))) {
      throw this.#fail("archive_corrupt", "a PAX record's size is not a number");
    }
    return this.#merge(overrides, {
      ...(name === undefined ? {} : { name }),
      ...(size === undefined ? {} : { size }),
    });
  }

  #merge(old: Overrides, added: Overrides): Overrides {
    if (
      (old.name !== undefined && added.name !== undefined && old.name !== added.name) ||
      (old.size !== undefined && added.size !== undefined)
    ) throw this.#fail("archive_corrupt", "two records describe one entry differently");
    return { ...old, ...added };
  }

  async #assertEndMark(reader: ChunkReader, overrides: Overrides): Promise<void> {
    if (overrides.name !== undefined || overrides.size !== undefined) {
      throw this.#fail("archive_corrupt", "its last record describes no entry");
    }
    if (!isZeroBlock(await reader.read(TAR_BLOCK_BYTES))) {
      throw this.#fail("archive_corrupt", "something follows the tar's end");
    }
  }

  async #assertOnlyPadding(reader: ChunkReader): Promise<void> {
    let padding = 0;
    for (let chunk; (chunk = await reader.readSome()) !== undefined;) {
      padding += chunk.length;
      if (padding > MAX_PADDING_BYTES || !chunk.every((byte) => byte === 0)) {
        throw this.#fail("archive_corrupt", "something follows the tar's end");
      }
    }
  }

  #failEntry(code: ArchiveErrorCode, name: string, reason: string): ArchiveError {
    return new ArchiveError(
      code,
      `Cannot read entry ${JSON.stringify(name)} of "${this.path}": ${reason}`,
    );
  }

  #fail(code: ArchiveErrorCode, reason: string): ArchiveError {
    return new ArchiveError(code, `Cannot read "${this.path}": ${reason}`);
  }

  [Symbol.asyncDispose](): Promise<void> {
    this.#file[Symbol.dispose]();
    return Promise.resolve();
  }
}

function toPlainName(fullName: string): string {
  const name = fullName.replace(/^(\.\/+)+/, "").replace(/\/$/, "");
  return name === "." ? "" : name;
}

function describeType(flag: string): string {
  const found = TYPE_NAME_BY_FLAG[flag] ?? `type ${JSON.stringify(flag)}`;
  return `expected a file or a folder, found ${found}`;
}
