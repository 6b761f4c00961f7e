/**
 * The records of a zip file as bytes, from PKWARE's
 * [APPNOTE 6.3](https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT), sections 4.3 and 4.5.
 */

/** What the headers of one entry say. */
export interface ZipRecord {
  readonly name: Uint8Array;
  readonly isStored: boolean;
  /** Date and time as in `_timestamps.ts`. */
  readonly dosTime: number;
  readonly crc32: number;
  readonly packedBytes: number;
  readonly sizeBytes: number;
  /** Unix permission bits. */
  readonly mode: number;
  /** Whether sizes take 8 bytes; fixed before the sizes are known, as it moves the data. */
  readonly isZip64: boolean;
  /** Where the local header starts. */
  readonly offsetBytes: number;
}

/** All ones means "see the zip64 field". */
const MAX_UINT32 = 0xffff_ffff;
const MAX_UINT16 = 0xffff;

const VERSION_DEFLATE = 20;
const VERSION_ZIP64 = 45;
const MADE_BY_UNIX = 3 << 8;
const UTF8_NAME_FLAG = 1 << 11;
const REGULAR_FILE = 0o100000;
const ZIP64_FIELD_ID = 1;

/** Whether an entry may need 8-byte sizes: zlib grows random data by 5 bytes in 16,383 or so. */
export function needsZip64(sizeBytes: number): boolean {
  return sizeBytes + sizeBytes / 1000 + 64 >= MAX_UINT32;
}

/** The header in front of an entry's data; sizes and CRC inside, no data descriptor after it. */
export function toLocalHeader(record: ZipRecord): Uint8Array<ArrayBuffer> {
  const { packedBytes, sizeBytes, isZip64, name } = record;
  const extra = isZip64 ? toZip64Field([sizeBytes, packedBytes]) : new Uint8Array(0);
  const bytes = new Uint8Array(30 + name.length + extra.length);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x04034b50, true);
  writeSharedFields(view, 4, record);
  view.setUint16(28, extra.length, true);
  bytes.set(name, 30);
  bytes.set(extra, 30 + name.length);
  return bytes;
}

/** The entry's line in the directory at the end. */
export function toDirectoryHeader(record: ZipRecord): Uint8Array<ArrayBuffer> {
  const { packedBytes, sizeBytes, offsetBytes, isZip64, name, mode } = record;
  const isFarAway = offsetBytes >= MAX_UINT32;
  const wide = [...(isZip64 ? [sizeBytes, packedBytes] : []), ...(isFarAway ? [offsetBytes] : [])];
  const extra = wide.length > 0 ? toZip64Field(wide) : new Uint8Array(0);
  const bytes = new Uint8Array(46 + name.length + extra.length);
  const view = new DataView(bytes.buffer);
  const version = wide.length > 0 ? VERSION_ZIP64 : VERSION_DEFLATE;
  view.setUint32(0, 0x02014b50, true);
  view.setUint16(4, MADE_BY_UNIX | version, true);
  writeSharedFields(view, 6, record);
  view.setUint16(6, version, true);
  view.setUint16(30, extra.length, true);
  view.setUint32(38, ((REGULAR_FILE | mode) << 16) >>> 0, true);
  view.setUint32(42, isFarAway ? MAX_UINT32 : offsetBytes, true);
  bytes.set(name, 46);
  bytes.set(extra, 46 + name.length);
  return bytes;
}

/** Where the directory lies, and how large it is. */
export interface ZipDirectory {
  readonly entryCount: number;
  readonly offsetBytes: number;
  readonly sizeBytes: number;
}

/** What closes the file; the zip64 records only where a number is too large without them. */
export function toZipEnd(directory: ZipDirectory): Uint8Array<ArrayBuffer> {
  const { entryCount, offsetBytes, sizeBytes } = directory;
  const isZip64 = entryCount >= MAX_UINT16 || offsetBytes >= MAX_UINT32 ||
    sizeBytes >= MAX_UINT32;
  const start = isZip64 ? 56 + 20 : 0;
  const bytes = new Uint8Array(start + 22);
  const view = new DataView(bytes.buffer);
  if (isZip64) {
    view.setUint32(0, 0x06064b50, true);
    view.setBigUint64(4, 44n, true);
    view.setUint16(12, MADE_BY_UNIX | VERSION_ZIP64, true);
    view.setUint16(14, VERSION_ZIP64, true);
    view.setBigUint64(24, BigInt(entryCount), true);
    view.setBigUint64(32, BigInt(entryCount), true);
    view.setBigUint64(40, BigInt(sizeBytes), true);
    view.setBigUint64(48, BigInt(offsetBytes), true);
    view.setUint32(56, 0x07064b50, true);
    view.setBigUint64(64, BigInt(offsetBytes + sizeBytes), true);
    view.setUint32(72, 1, true);
  }
  view.setUint32(start, 0x06054b50, true);
  view.setUint16(start + 8, Math.min(entryCount, MAX_UINT16), true);
  view.setUint16(start + 10, Math.min(entryCount, MAX_UINT16), true);
  view.setUint32(start + 12, Math.min(sizeBytes, MAX_UINT32), true);
  view.setUint32(start + 16, Math.min(offsetBytes, MAX_UINT32), true);
  return bytes;
}

/** The 24 bytes that both headers have in common. */
function writeSharedFields(view: DataView, at: number, record: ZipRecord): void {
  const { isZip64, packedBytes, sizeBytes, name } = record;
  view.setUint16(at, isZip64 ? VERSION_ZIP64 : VERSION_DEFLATE, true);
  view.setUint16(at + 2, name.some((byte) => byte > 0x7f) ? UTF8_NAME_FLAG : 0, true);
  view.setUint16(at + 4, record.isStored ? 0 : 8, true);
  view.setUint32(at + 6, record.dosTime, true);
  view.setUint32(at + 10, record.crc32, true);
  view.setUint32(at + 14, isZip64 ? MAX_UINT32 : packedBytes, true);
  view.setUint32(at + 18, isZip64 ? MAX_UINT32 : sizeBytes, true);
  view.setUint16(at + 22, name.length, true);
}

function toZip64Field(values: readonly number[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4 + 8 * values.length);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, ZIP64_FIELD_ID, true);
  view.setUint16(2, 8 * values.length, true);
  values.forEach((value, i) => view.setBigUint64(4 + 8 * i, BigInt(value), true));
  return bytes;
}
