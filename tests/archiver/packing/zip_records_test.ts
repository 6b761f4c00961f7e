import { deepStrictEqual, strictEqual } from "node:assert/strict";
import {
  needsZip64,
  toDirectoryHeader,
  toLocalHeader,
  toZipEnd,
  type ZipRecord,
} from "../../../archiver/packing/zip_records.ts";

const RECORD: ZipRecord = {
  name: new TextEncoder().encode("a"),
  isStored: true,
  dosTime: 0x58a6_3905,
  crc32: 0x1234_5678,
  packedBytes: 5,
  sizeBytes: 5,
  mode: 0o644,
  isZip64: false,
  offsetBytes: 0,
};

function hex(bytes: Uint8Array): string {
  return bytes.toHex().replace(/(.{8})/g, "$1 ").trim();
}

Deno.test("toLocalHeader() lays out the 30 bytes of APPNOTE 4.3.7 and the name", () => {
  strictEqual(
    hex(toLocalHeader(RECORD)),
    "504b0304 14000000 00000539 a6587856 34120500 00000500 00000100 000061",
  );
});

Deno.test("toLocalHeader() keeps its length when the sizes get known", () => {
  for (const isZip64 of [false, true]) {
    const blank = toLocalHeader({ ...RECORD, isZip64, crc32: 0, packedBytes: 0, sizeBytes: 0 });
    const real = toLocalHeader({ ...RECORD, isZip64, packedBytes: 2 ** 33, sizeBytes: 2 ** 33 });
    strictEqual(real.length, blank.length);
  }
});

Deno.test("toLocalHeader() puts zip64 sizes into field 1, the unpacked one first", () => {
  const bytes = toLocalHeader({ ...RECORD, isZip64: true, packedBytes: 1, sizeBytes: 2 ** 32 + 7 });
  strictEqual(hex(bytes.subarray(18, 26)), "ffffffff ffffffff");
  strictEqual(hex(bytes.subarray(31)), "01001000 07000000 01000000 01000000 00000000");
});

Deno.test("toDirectoryHeader() gives an offset beyond 4 GiB 8 bytes, sizes only if they need them", () => {
  const far = toDirectoryHeader({ ...RECORD, offsetBytes: 2 ** 32 });
  strictEqual(hex(far.subarray(20, 28)), "05000000 05000000");
  strictEqual(hex(far.subarray(42)), "ffffffff 61010008 00000000 00010000 00");
  strictEqual(toDirectoryHeader({ ...RECORD, offsetBytes: 2 ** 32 - 2 }).length, 47);
});

Deno.test.each([
  { entryCount: 65_534, offsetBytes: 1, sizeBytes: 1, length: 22 },
  { entryCount: 65_535, offsetBytes: 1, sizeBytes: 1, length: 98 },
  { entryCount: 1, offsetBytes: 2 ** 32 - 2, sizeBytes: 1, length: 22 },
  { entryCount: 1, offsetBytes: 2 ** 32 - 1, sizeBytes: 1, length: 98 },
])("toZipEnd() takes $length bytes for $entryCount entries before $offsetBytes", (row) => {
  strictEqual(toZipEnd(row).length, row.length);
});

Deno.test("needsZip64() reserves room where deflate may grow a file beyond 4 GiB", () => {
  deepStrictEqual([2 ** 31, 2 ** 32 - 5_000_000, 2 ** 32 - 1000, 2 ** 32].map(needsZip64), [
    ...[false, false, true, true],
  ]);
});
