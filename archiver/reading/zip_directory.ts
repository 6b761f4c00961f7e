import type { ArchiveFile } from "./archive_file.ts";
import { readZipEnd } from "./zip_end.ts";
import { parseZip64Sizes } from "./zip_extra.ts";
import { ArchiveError, type ArchiveErrorCode } from "../errors.ts";

// Numbers and offsets are those of PKWARE's APPNOTE.TXT 6.3.10.
const CENTRAL_SIGNATURE = 0x02014b50;
const CENTRAL_BYTES = 46;
const LOCAL_SIGNATURE = 0x04034b50;
const LOCAL_BYTES = 30;
const DESCRIPTOR_SIGNATURE = 0x08074b50;

const FLAG_ENCRYPTED = 1 << 0;
const FLAG_DESCRIPTOR = 1 << 3;
const FLAG_PATCHED = 1 << 5;
const FLAG_STRONG_ENCRYPTION = 1 << 6;
const FLAG_UTF8 = 1 << 11;
const FLAG_MASKED = 1 << 13;
const UNREADABLE_FLAGS = FLAG_ENCRYPTED | FLAG_PATCHED | FLAG_STRONG_ENCRYPTION | FLAG_MASKED;

export const METHOD_STORED = 0;
export const METHOD_DEFLATED = 8;

const UNIX_TYPE_MASK = 0xf000;
const UNIX_FILE = 0x8000;
const UNIX_FOLDER = 0x4000;

/** One entry, of which central directory, local header and place in the file agree. */
export interface ZipEntry {
  /** Without the slash that ends a folder's name. */
  readonly name: string;
  readonly type: "file" | "folder";
  readonly method: typeof METHOD_STORED | typeof METHOD_DEFLATED;
  readonly crc32: number;
  readonly packedSize: number;
  readonly size: number;
  /** Where the packed bytes start in the file. */
  readonly dataStart: number;
}

/** What one record of the central directory says. */
interface CentralRecord extends Omit<ZipEntry, "dataStart"> {
  readonly nameBytes: Uint8Array;
  readonly flags: number;
  readonly localStart: number;
}

/**
 * Reads the list of a zip's entries, in the order of the central directory.
 *
 * A zip can be read in two ways, from its directory and from its start, and who made it may have
 * meant them to differ. Here both must tell the same: the first local header is at byte 0, headers
 * and data follow each other without a gap or overlap up to the directory, and each
 * local header says what the directory says.
 *
 * @throws {ArchiveError} `archive_truncated`, `archive_corrupt`, `archive_unsupported`,
 * `too_many_entries`, `entry_type_refused`, `entry_name_invalid`.
 */
export async function readZipDirectory(file: ArchiveFile, maxEntries: number): Promise<ZipEntry[]> {
  const end = await readZipEnd(file, maxEntries);
  const bytes = await file.readAt(end.directoryStart, end.directoryBytes);
  const records: CentralRecord[] = [];
  let at = 0;
  while (at < bytes.length) {
    const { record, length } = parseCentralRecord(bytes.subarray(at), file.path);
    records.push(record);
    at += length;
    if (records.length > end.entryCount) break;
  }
  if (records.length !== end.entryCount) {
    throw new ArchiveError(
      "archive_corrupt",
      `Cannot read "${file.path}": its end record counts ${end.entryCount} entries, ` +
        `its directory holds ${records.length > end.entryCount ? "more" : records.length}`,
    );
  }
  const dataStarts = await readLocalHeaders(file, records, end.directoryStart);
  return records.map(({ name, type, method, crc32, packedSize, size }, i) => ({
    name,
    type,
    method,
    crc32,
    packedSize,
    size,
    dataStart: dataStarts[i]!,
  }));
}

function parseCentralRecord(
  bytes: Uint8Array,
  path: string,
): { record: CentralRecord; length: number } {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < CENTRAL_BYTES || view.getUint32(0, true) !== CENTRAL_SIGNATURE) {
    throw new ArchiveError(
      "archive_corrupt",
      `Cannot read "${path}": its directory holds something that is not an entry`,
    );
  }
  const nameLength = view.getUint16(28, true);
  const extraLength = view.getUint16(30, true);
  const length = CENTRAL_BYTES + nameLength + extraLength + view.getUint16(32, true);
  if (length > bytes.length) {
    throw new ArchiveError("archive_corrupt", `Cannot read "${path}": its directory is cut off`);
  }
  const nameBytes = bytes.subarray(CENTRAL_BYTES, CENTRAL_BYTES + nameLength);
  const fullName = decodeName(nameBytes, path);
  const fail = (code: ArchiveErrorCode, reason: string) => failEntry(code, fullName, path, reason);
  const extra = bytes.subarray(
    CENTRAL_BYTES + nameLength,
    CENTRAL_BYTES + nameLength + extraLength,
  );
  const sizes = parseZip64Sizes(extra, {
    size: view.getUint32(24, true),
    packedSize: view.getUint32(20, true),
    localStart: view.getUint32(42, true),
    disk: view.getUint16(34, true),
  });
  if (sizes === undefined) throw fail("archive_corrupt", "its extra field is malformed");
  const { size, packedSize, localStart, disk } = sizes;
  if (disk !== 0) throw fail("archive_unsupported", "it lies on another disk");
  const flags = view.getUint16(8, true);
  if (flags & UNREADABLE_FLAGS) {
    throw fail("archive_unsupported", "it is encrypted or patched");
  }
  const method = view.getUint16(10, true);
  if (method !== METHOD_STORED && method !== METHOD_DEFLATED) {
    throw fail("archive_unsupported", `it is packed by method ${method}, known are 0 and 8`);
  }
  if (method === METHOD_STORED && size !== packedSize) {
    throw fail("entry_size_mismatch", `it is stored, yet ${packedSize} bytes are to give ${size}`);
  }
  const isFolder = fullName.endsWith("/");
  const unixType = (view.getUint32(38, true) >>> 16) & UNIX_TYPE_MASK;
  if (unixType !== 0 && unixType !== (isFolder ? UNIX_FOLDER : UNIX_FILE)) {
    throw fail(
      "entry_type_refused",
      `expected a file or a folder, found unix type 0${unixType.toString(8)}`,
    );
  }
  if (isFolder && size !== 0) throw fail("archive_corrupt", "it is a folder with content");
  const record: CentralRecord = {
    name: isFolder ? fullName.slice(0, -1) : fullName,
    type: isFolder ? "folder" : "file",
    method,
    crc32: view.getUint32(16, true),
    packedSize,
    size,
    nameBytes,
    flags,
    localStart,
  };
  return { record, length };
}

/** Proves all local headers and answers where each record's data starts. */
async function readLocalHeaders(
  file: ArchiveFile,
  records: readonly CentralRecord[],
  directoryStart: number,
): Promise<number[]> {
  const dataStarts = new Array<number>(records.length).fill(0);
  const order = records.map((_, i) => i).sort((a, b) =>
    records[a]!.localStart - records[b]!.localStart
  );
  let at = 0;
  for (const [rank, index] of order.entries()) {
    const record = records[index]!;
    const limit = records[order[rank + 1] ?? -1]?.localStart ?? directoryStart;
    if (record.localStart !== at) throw misplaced(record, file.path, at);
    dataStarts[index] = await readLocalHeader(file, record, limit);
    const dataEnd = dataStarts[index]! + record.packedSize;
    if (dataEnd > limit) throw misplaced(record, file.path, at);
    if (record.flags & FLAG_DESCRIPTOR) await checkDescriptor(file, record, dataEnd, limit);
    at = record.flags & FLAG_DESCRIPTOR ? limit : dataEnd;
  }
  if (at !== directoryStart) {
    throw new ArchiveError(
      "archive_corrupt",
      `Cannot read "${file.path}": expected its directory at byte ${at}, found it at ` +
        `${directoryStart}; what lies between belongs to no entry`,
    );
  }
  return dataStarts;
}

async function readLocalHeader(
  file: ArchiveFile,
  record: CentralRecord,
  limit: number,
): Promise<number> {
  const fail = (reason: string, code: ArchiveErrorCode = "archive_corrupt") =>
    failEntry(code, record.name, file.path, reason);
  const headerBytes = LOCAL_BYTES + record.nameBytes.length;
  if (record.localStart + headerBytes > limit) throw fail("its local header is cut off");
  const header = await file.readAt(record.localStart, headerBytes);
  const view = new DataView(header.buffer);
  if (view.getUint32(0, true) !== LOCAL_SIGNATURE) throw fail("it has no local header");
  const nameLength = view.getUint16(26, true);
  const extraLength = view.getUint16(28, true);
  const name = header.subarray(LOCAL_BYTES);
  if (nameLength !== name.length || !name.every((byte, i) => byte === record.nameBytes[i])) {
    throw fail("its local header gives another name", "entry_name_invalid");
  }
  const compared = UNREADABLE_FLAGS | FLAG_DESCRIPTOR | FLAG_UTF8;
  if ((view.getUint16(6, true) & compared) !== (record.flags & compared)) {
    throw fail("its local header has other flags");
  }
  if (view.getUint16(8, true) !== record.method) throw fail("its local header has another method");
  const dataStart = record.localStart + headerBytes + extraLength;
  if (dataStart > limit) throw fail("its local header is cut off");
  const sizes = parseZip64Sizes(
    await file.readAt(record.localStart + headerBytes, extraLength),
    { size: view.getUint32(22, true), packedSize: view.getUint32(18, true) },
  );
  if (sizes === undefined) throw fail("its local extra field is malformed");
  const local = [view.getUint32(14, true), sizes.packedSize, sizes.size];
  const central = [record.crc32, record.packedSize, record.size];
  // With a descriptor behind the data the header may leave out what was not known yet.
  const mayOmit = (record.flags & FLAG_DESCRIPTOR) !== 0;
  if (!local.every((value, i) => value === central[i] || (mayOmit && value === 0))) {
    throw fail("its local header gives other sizes or another CRC-32", "entry_size_mismatch");
  }
  return dataStart;
}

/** A data descriptor: CRC and sizes of 4 or 8 bytes after the data, with or without a signature. */
async function checkDescriptor(
  file: ArchiveFile,
  record: CentralRecord,
  start: number,
  end: number,
): Promise<void> {
  const length = end - start;
  const fail = () =>
    failEntry("archive_corrupt", record.name, file.path, "its data descriptor is malformed");
  if (![12, 16, 20, 24].includes(length)) throw fail();
  const bytes = await file.readAt(start, length);
  const view = new DataView(bytes.buffer);
  const hasSignature = length % 8 === 0;
  if (hasSignature && view.getUint32(0, true) !== DESCRIPTOR_SIGNATURE) throw fail();
  const at = hasSignature ? 4 : 0;
  const [packedSize, size] = length >= 20
    ? [Number(view.getBigUint64(at + 4, true)), Number(view.getBigUint64(at + 12, true))]
    : [view.getUint32(at + 4, true), view.getUint32(at + 8, true)];
  const found = [view.getUint32(at, true), packedSize, size];
  if (!equal(found, [record.crc32, record.packedSize, record.size])) throw fail();
}

function decodeName(bytes: Uint8Array, path: string): string {
  try {
    // ASCII, or what Python, Java and Info-ZIP write: UTF-8. Older code pages name no letter surely.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (cause) {
    throw new ArchiveError(
      "entry_name_invalid",
      `Cannot read "${path}": an entry's name is not UTF-8`,
      { cause },
    );
  }
}

function misplaced(record: CentralRecord, path: string, expected: number): ArchiveError {
  const start = record.localStart;
  const reason = start < expected
    ? `it overlaps another entry`
    : start === expected
    ? `its data runs into what follows`
    : `expected it at byte ${expected}, found it at ${start}; what lies between belongs to no entry`;
  return failEntry("archive_corrupt", record.name, path, reason);
}

function failEntry(
  code: ArchiveErrorCode,
  name: string,
  path: string,
  reason: string,
): ArchiveError {
  return new ArchiveError(
    code,
    `Cannot read entry ${JSON.stringify(name)} of "${path}": ${reason}`,
  );
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.every((value, i) => value === b[i]);
}
