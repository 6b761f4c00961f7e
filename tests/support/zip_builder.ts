/** Builds zips byte by byte, and lets each field lie: what no zip library would write. */
import { crc32, deflateRawSync } from "node:zlib";

/** What a local header says when it must differ from the directory. */
export interface LocalLies {
  readonly name?: string;
  readonly flags?: number;
  readonly method?: number;
  readonly crc32?: number;
  readonly size?: number;
  readonly packedSize?: number;
  readonly signature?: number;
}

/** One entry; what is not given is true. */
export interface ZipEntryRecipe {
  readonly name: string | Uint8Array;
  readonly data?: string | Uint8Array;
  readonly isStored?: boolean;
  /** The packed bytes, where they are not what `data` gives. */
  readonly packed?: Uint8Array;
  /** Unix type and permission bits; an ordinary file unless given. */
  readonly mode?: number;
  readonly flags?: number;
  readonly method?: number;
  readonly crc32?: number;
  readonly size?: number;
  /** What the headers say; the bytes stay as many as they are. */
  readonly packedSize?: number;
  readonly local?: LocalLies;
  /** Bytes behind the data. */
  readonly trailer?: Uint8Array;
  /** Where the directory says that the local header is. */
  readonly localStart?: number;
  readonly disk?: number;
  /** Sizes in zip64 extra fields, as Python writes them when they may be large. */
  readonly isZip64?: boolean;
}

/** What the end record says when it must lie. */
export interface ZipEndRecipe {
  readonly disk?: number;
  readonly entryCount?: number;
  readonly directoryStart?: number;
  readonly comment?: Uint8Array;
  /** Writes a zip64 end record and locator, all 32-bit fields set to "look there". */
  readonly isZip64?: boolean;
  /** Bytes between the last entry and the directory. */
  readonly gap?: Uint8Array;
}

/** A zip of these entries, in this order. */
export function buildZip(
  entries: readonly ZipEntryRecipe[],
  end: ZipEndRecipe = {},
): Uint8Array<ArrayBuffer> {
  const locals: Uint8Array[] = [];
  const directory: Uint8Array[] = [];
  let at = 0;
  for (const entry of entries) {
    const built = buildEntry(entry, at);
    locals.push(built.local);
    directory.push(built.central);
    at += built.local.length;
  }
  const gap = end.gap ?? new Uint8Array(0);
  const directoryBytes = concat(directory);
  const directoryStart = end.directoryStart ?? at + gap.length;
  const count = end.entryCount ?? entries.length;
  const comment = end.comment ?? new Uint8Array(0);
  const zip64 = end.isZip64
    ? concat([
      fields([
        [4, 0x06064b50],
        [8, 44],
        [2, 45],
        [2, 45],
        [4, end.disk ?? 0],
        [4, 0],
        [8, count],
        [8, count],
        [8, directoryBytes.length],
        [8, directoryStart],
      ]),
      fields([
        [4, 0x07064b50],
        [4, 0],
        [8, at + gap.length + directoryBytes.length],
        [4, 1],
      ]),
    ])
    : new Uint8Array(0);
  const endRecord = fields([
    [4, 0x06054b50],
    [2, end.isZip64 ? 0 : end.disk ?? 0],
    [2, 0],
    [2, end.isZip64 ? 0xffff : count],
    [2, end.isZip64 ? 0xffff : count],
    [4, end.isZip64 ? 0xffffffff : directoryBytes.length],
    [4, end.isZip64 ? 0xffffffff : directoryStart],
    [2, comment.length],
  ]);
  return concat([...locals, gap, directoryBytes, zip64, endRecord, comment]);
}

function buildEntry(entry: ZipEntryRecipe, start: number) {
  const name = toBytes(entry.name);
  const data = toBytes(entry.data ?? "");
  const isFolder = name.at(-1) === 0x2f;
  const isStored = entry.isStored ?? isFolder;
  const packed = entry.packed ?? (isStored ? data : new Uint8Array(deflateRawSync(data)));
  const method = entry.method ?? (isStored ? 0 : 8);
  const flags = entry.flags ?? (name.some((byte) => byte > 127) ? 0x0800 : 0);
  const crc = entry.crc32 ?? crc32(data);
  const size = entry.size ?? data.length;
  const packedSize = entry.packedSize ?? packed.length;
  const local = entry.local ?? {};
  const localName = local.name === undefined ? name : toBytes(local.name);
  const extra = entry.isZip64
    ? fields([[2, 1], [2, 16], [8, size], [8, packedSize]])
    : new Uint8Array(0);
  const small = (value: number) => entry.isZip64 ? 0xffffffff : value;
  const header = fields([
    [4, local.signature ?? 0x04034b50],
    [2, 20],
    [2, local.flags ?? flags],
    [2, local.method ?? method],
    [4, 0x00210000],
    [4, local.crc32 ?? crc],
    [4, small(local.packedSize ?? packedSize)],
    [4, small(local.size ?? size)],
    [2, localName.length],
    [2, extra.length],
  ]);
  const central = fields([
    [4, 0x02014b50],
    [2, (3 << 8) | 20],
    [2, 20],
    [2, flags],
    [2, method],
    [4, 0x00210000],
    [4, crc],
    [4, small(packedSize)],
    [4, small(size)],
    [2, name.length],
    [2, extra.length],
    [2, 0],
    [2, entry.disk ?? 0],
    [2, 0],
    [4, (entry.mode ?? (isFolder ? 0o040755 : 0o100644)) * 0x10000],
    [4, entry.localStart ?? start],
  ]);
  return {
    local: concat([header, localName, extra, packed, entry.trailer ?? new Uint8Array(0)]),
    central: concat([central, name, extra]),
  };
}

/** Little-endian numbers of so many bytes each. */
export function fields(list: readonly (readonly [2 | 4 | 8, number])[]): Uint8Array {
  const bytes = new Uint8Array(list.reduce((sum, [width]) => sum + width, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const [width, value] of list) {
    if (width === 2) view.setUint16(at, value, true);
    else if (width === 4) view.setUint32(at, value, true);
    else view.setBigUint64(at, BigInt(value), true);
    at += width;
  }
  return bytes;
}

export function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

export function toBytes(value: string | Uint8Array): Uint8Array {
  return typeof value === "string" ? new TextEncoder().encode(value) : value;
}
