import type { ArchiveFile } from "./archive_file.ts";
import { ArchiveError, type ArchiveErrorCode } from "../errors.ts";

// Numbers and offsets are those of PKWARE's APPNOTE.TXT 6.3.10.
const END_SIGNATURE = 0x06054b50;
const END_BYTES = 22;
const MAX_COMMENT_BYTES = 0xffff;
const ZIP64_END_SIGNATURE = 0x06064b50;
const ZIP64_END_BYTES = 56;
const ZIP64_LOCATOR_SIGNATURE = 0x07064b50;
const ZIP64_LOCATOR_BYTES = 20;

/** A directory's record has 46 bytes, a name and extra fields; this leaves room for all of them. */
const MAX_RECORD_BYTES = 4096;

/** Where a zip's directory lies, and how many entries it must hold. */
export interface ZipEnd {
  readonly entryCount: number;
  readonly directoryStart: number;
  readonly directoryBytes: number;
}

/** Whether a file ends like a zip, whatever it begins with. */
export async function hasZipEnd(file: ArchiveFile): Promise<boolean> {
  return (await findZipEnd(file)) !== undefined;
}

/**
 * Reads the record at a zip's end, and its zip64 form where there is one.
 *
 * @throws {ArchiveError} `archive_truncated` if there is none; `archive_corrupt` if it does not
 * lie exactly behind the directory; `archive_unsupported` for several disks;
 * `too_many_entries`.
 */
export async function readZipEnd(file: ArchiveFile, maxEntries: number): Promise<ZipEnd> {
  const fail = (code: ArchiveErrorCode, reason: string) =>
    new ArchiveError(code, `Cannot read "${file.path}": ${reason}`);
  const found = await findZipEnd(file);
  if (!found) throw fail("archive_truncated", "the zip has no end record, it is cut off");
  const { view, start } = found;
  let disks = [view.getUint16(4, true), view.getUint16(6, true)];
  let counts = [view.getUint16(8, true), view.getUint16(10, true)];
  let directoryBytes = view.getUint32(12, true);
  let directoryStart = view.getUint32(16, true);
  let directoryEnd = start;

  const zip64 = await readZip64End(file, start);
  if (zip64 === "malformed") throw fail("archive_corrupt", "its zip64 end record is malformed");
  if (zip64) {
    const isKept = (small: number, large: number, unset: number) =>
      small === large || small === unset;
    if (
      !isKept(counts[1]!, zip64.counts[1]!, 0xffff) ||
      !isKept(directoryBytes, zip64.directoryBytes, 0xffffffff) ||
      !isKept(directoryStart, zip64.directoryStart, 0xffffffff)
    ) throw fail("archive_corrupt", "its two end records differ");
    ({ disks, counts, directoryBytes, directoryStart, directoryEnd } = zip64);
  }
  if (disks.some((disk) => disk !== 0) || counts[0] !== counts[1]) {
    throw fail("archive_unsupported", "the zip is spread over several disks");
  }
  const entryCount = counts[1]!;
  if (entryCount > maxEntries) {
    throw fail("too_many_entries", `at most ${maxEntries} entries, found ${entryCount}`);
  }
  if (directoryStart + directoryBytes !== directoryEnd) {
    throw fail(
      "archive_corrupt",
      `expected its directory to end at byte ${directoryEnd}, found ` +
        `${directoryStart + directoryBytes}; is something put before or into the zip`,
    );
  }
  if (directoryBytes > entryCount * MAX_RECORD_BYTES) {
    throw fail("archive_corrupt", `${directoryBytes} bytes of directory for ${entryCount} entries`);
  }
  return { entryCount, directoryStart, directoryBytes };
}

/** The last end signature; what follows its record must be its comment, to the file's last byte. */
async function findZipEnd(
  file: ArchiveFile,
): Promise<{ view: DataView; start: number } | undefined> {
  const length = Math.min(file.size, END_BYTES + MAX_COMMENT_BYTES);
  const tail = await file.readAt(file.size - length, length);
  const view = new DataView(tail.buffer);
  for (let at = length - END_BYTES; at >= 0; at--) {
    if (view.getUint32(at, true) !== END_SIGNATURE) continue;
    if (at + END_BYTES + view.getUint16(at + 20, true) !== length) return undefined;
    return { view: new DataView(tail.buffer, at), start: file.size - length + at };
  }
  return undefined;
}

async function readZip64End(file: ArchiveFile, endStart: number) {
  const locatorStart = endStart - ZIP64_LOCATOR_BYTES;
  if (locatorStart < ZIP64_END_BYTES) return undefined;
  const locator = new DataView((await file.readAt(locatorStart, ZIP64_LOCATOR_BYTES)).buffer);
  if (locator.getUint32(0, true) !== ZIP64_LOCATOR_SIGNATURE) return undefined;
  const start = Number(locator.getBigUint64(8, true));
  if (start + ZIP64_END_BYTES > locatorStart) return "malformed";
  const view = new DataView((await file.readAt(start, ZIP64_END_BYTES)).buffer);
  if (view.getUint32(0, true) !== ZIP64_END_SIGNATURE) return "malformed";
  if (start + 12 + Number(view.getBigUint64(4, true)) !== locatorStart) return "malformed";
  return {
    // The locator counts disks from 1; some tools write 0 there.
    disks: [
      view.getUint32(16, true),
      view.getUint32(20, true),
      locator.getUint32(4, true),
      Math.max(locator.getUint32(16, true) - 1, 0),
    ],
    counts: [Number(view.getBigUint64(24, true)), Number(view.getBigUint64(32, true))],
    directoryBytes: Number(view.getBigUint64(40, true)),
    directoryStart: Number(view.getBigUint64(48, true)),
    directoryEnd: start,
  };
}
