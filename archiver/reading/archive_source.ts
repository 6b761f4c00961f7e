/** What every format looks like to those who unpack, verify or show an archive. */

/** One entry as its format tells it, before anything about it is believed. */
export interface RawEntry {
  readonly name: string;
  readonly type: "file" | "folder";
  /** Declared size, in bytes. */
  readonly size: number;
  /** Packed size where the format gives one for each entry, in bytes. */
  readonly packedSize?: number;
  /** The unpacked bytes, once, and before the next entry is asked for. */
  chunks(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** An open archive: its entries may be walked through more than once. */
export interface ArchiveSource extends AsyncDisposable {
  readonly kind: "zip" | "tgz" | "folder";
  /** As the user gave it, for messages. */
  readonly path: string;
  /** Size of the archive's file; absent for folders. */
  readonly packedBytes?: number;
  /** Where a folder archive's model lies: an absolute real path. */
  readonly folder?: string;
  entries(): AsyncIterable<RawEntry>;
}

/** What reading stops at. */
export interface ReadLimits {
  readonly maxUnpackedBytes: number;
  readonly maxEntries: number;
  readonly signal?: AbortSignal;
}

/** 64 GiB and 10,000 entries. */
export const DEFAULT_LIMITS: ReadLimits = {
  maxUnpackedBytes: 64 * 1024 ** 3,
  maxEntries: 10_000,
};
