import type { ArchiveSource, RawEntry, ReadLimits } from "./archive_source.ts";
import { assertEntryPath, EntryNames } from "../entry_path.ts";
import { ArchiveError, type ArchiveErrorCode } from "../errors.ts";

/** Deflate reaches 1,032:1 on zeros alone; weights do not come near. */
const MAX_RATIO = 1000;
/** Below this a high ratio does no harm. */
const RATIO_FREE_BYTES = 100_000_000;

/** One entry whose path may be used below a folder, and whose chunks keep to their size. */
export interface CheckedEntry {
  readonly path: string;
  readonly type: "file" | "folder";
  /** In bytes; a file whose chunks were read to their end had exactly so many. */
  readonly size: number;
  chunks(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/**
 * Walks through an archive and believes nothing that it says: the one gate between a format
 * and all who use what is in it.
 *
 * Sizes are proved by counting the bytes that really come; names, number of
 * entries, total size and ratio are checked before an entry is handed out.
 *
 * @throws {ArchiveError} See {@linkcode ArchiveErrorCode}; the signal's reason when aborted.
 */
export async function* checkedEntries(
  source: ArchiveSource,
  limits: ReadLimits,
): AsyncGenerator<CheckedEntry> {
  const names = new EntryNames(source.path);
  let entryCount = 0;
  let declaredBytes = 0;
  for await (const entry of source.entries()) {
    limits.signal?.throwIfAborted();
    if (++entryCount > limits.maxEntries) {
      throw new ArchiveError(
        "too_many_entries",
        `Cannot read "${source.path}": at most ${limits.maxEntries} entries, found more`,
      );
    }
    assertEntryPath(entry.name, source.path);
    names.add(entry.name, entry.type);
    declaredBytes += entry.size;
    if (source.packedBytes !== undefined) {
      assertUnpackedSize(source.path, declaredBytes, source.packedBytes, limits);
      if (entry.packedSize !== undefined) {
        assertRatio(source.path, entry.size, entry.packedSize);
      }
    }
    yield {
      path: entry.name,
      type: entry.type,
      size: entry.size,
      chunks: () => countedChunks(entry, source.path, limits.signal),
    };
  }
}

async function* countedChunks(
  entry: RawEntry,
  archivePath: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const fail = (found: string) => {
    const code: ArchiveErrorCode = "entry_size_mismatch";
    return new ArchiveError(
      code,
      `Cannot read entry ${JSON.stringify(entry.name)} of "${archivePath}": ` +
        `expected ${entry.size} bytes, found ${found}`,
    );
  };
  let bytes = 0;
  for await (const chunk of entry.chunks()) {
    signal?.throwIfAborted();
    bytes += chunk.length;
    if (bytes > entry.size) throw fail("more");
    yield chunk;
  }
  if (bytes !== entry.size) throw fail(String(bytes));
}

function assertUnpackedSize(
  path: string,
  unpackedBytes: number,
  packedBytes: number,
  limits: ReadLimits,
): void {
  if (unpackedBytes > limits.maxUnpackedBytes) {
    throw new ArchiveError(
      "archive_too_large",
      `Cannot read "${path}": it unpacks to more than ${limits.maxUnpackedBytes} bytes`,
    );
  }
  assertRatio(path, unpackedBytes, packedBytes);
}

function assertRatio(path: string, unpackedBytes: number, packedBytes: number): void {
  if (unpackedBytes <= RATIO_FREE_BYTES || unpackedBytes <= packedBytes * MAX_RATIO) return;
  throw new ArchiveError(
    "archive_ratio_too_high",
    `Cannot read "${path}": ${packedBytes} bytes unpack to ${unpackedBytes}, ` +
      `more than ${MAX_RATIO} times as many`,
  );
}
