import { deepEqual } from "node:assert/strict";
import { deflateRawSync } from "node:zlib";
import { assertRefused, unpackTexts } from "../support/archive_files.ts";
import { buildZip, concat, fields, toBytes, type ZipEntryRecipe } from "../support/zip_builder.ts";

const GOOD: readonly ZipEntryRecipe[] = [
  { name: "handler.ts", data: "export function handle() {}" },
  { name: "labels/é.json", data: "[]", isStored: true },
];
const GOOD_TEXTS = { "handler.ts": "export function handle() {}", "labels/é.json": "[]" };

Deno.test("openArchive() unpacks deflated and stored entries of a zip", async () => {
  deepEqual(await unpackTexts(buildZip(GOOD)), GOOD_TEXTS);
});

Deno.test("openArchive() unpacks a zip with folders, a comment and zip64 records", async () => {
  const zip = buildZip(
    [
      { name: "labels/" },
      { name: "empty/" },
      ...GOOD.map((entry) => ({ ...entry, isZip64: true })),
    ],
    { isZip64: true, comment: toBytes("made by hand") },
  );
  deepEqual(await unpackTexts(zip), { ...GOOD_TEXTS, "empty/": "" });
});

Deno.test("openArchive() unpacks an empty zip, which has TorchServe's default manifest", async () => {
  deepEqual(await unpackTexts(buildZip([])), {});
});

Deno.test.each([
  { form: "12 bytes", withSignature: false, width: 4 },
  { form: "16 bytes", withSignature: true, width: 4 },
  { form: "20 bytes", withSignature: false, width: 8 },
  { form: "24 bytes", withSignature: true, width: 8 },
])("openArchive() accepts a data descriptor of $form", async ({ withSignature, width }) => {
  const isWide = width === 8 ? 8 : 4;
  const trailer = fields([
    ...(withSignature ? [[4, 0x08074b50] as const] : []),
    [4, 0x3610a686], // CRC-32 of "hello"
    [isWide, 5],
    [isWide, 5],
  ]);
  const local = { size: 0, packedSize: 0, crc32: 0 };
  const entry = { name: "a.txt", data: "hello", isStored: true, flags: 8, local, trailer };
  deepEqual(await unpackTexts(buildZip([entry, ...GOOD])), { "a.txt": "hello", ...GOOD_TEXTS });
});

Deno.test("openArchive() refuses a data descriptor that tells other sizes", async () => {
  const trailer = fields([[4, 0x08074b50], [4, 0x3610a686], [4, 6], [4, 5]]);
  const entry = { name: "a.txt", data: "hello", isStored: true, flags: 8, trailer };
  await assertRefused(buildZip([entry]), "archive_corrupt");
});

Deno.test.each([
  { name: "../evil" },
  { name: "a/../../evil" },
  { name: "a/.." },
  { name: "/etc/passwd" },
  { name: "//server/share/evil" },
  { name: "\\\\server\\share\\evil" },
  { name: "C:/evil" },
  { name: "c:evil" },
  { name: "..\\evil" },
  { name: "a\\..\\..\\evil" },
])("openArchive() refuses $name in a zip, which leaves the destination", async ({ name }) => {
  await assertRefused(buildZip([...GOOD, { name }]), "entry_outside_destination");
});

Deno.test.each([
  { what: "NUL", name: "handler.ts\0.png" },
  { what: "a line feed", name: "a\nb" },
  { what: "an escape", name: "a\x1b[2Jb" },
  { what: "a back-slash", name: "a\\b" },
  { what: "an alternate stream", name: "handler.ts::$DATA" },
  { what: "a trailing dot", name: "handler.ts." },
  { what: "a trailing space", name: "a /b" },
  { what: "a reserved name", name: "labels/nul.txt" },
  { what: "a reserved name in capitals", name: "COM1" },
  { what: "a dot component", name: "a/./b" },
  { what: "an empty component", name: "a//b" },
  { what: "nothing", name: "" },
  { what: "300 bytes", name: "a".repeat(300) },
  { what: "65 levels", name: "a/".repeat(64) + "a" },
  { what: "bytes that are not UTF-8", name: Uint8Array.of(0x61, 0xff) },
])("openArchive() refuses a zip entry's name with $what", async ({ name }) => {
  await assertRefused(buildZip([...GOOD, { name }]), "entry_name_invalid");
});

Deno.test.each([
  { type: "symbolic link", mode: 0o120777 },
  { type: "character device", mode: 0o020666 },
  { type: "block device", mode: 0o060666 },
  { type: "pipe", mode: 0o010666 },
  { type: "socket", mode: 0o140666 },
  { type: "folder without a slash", mode: 0o040755 },
])("openArchive() refuses a $type in a zip", async ({ mode }) => {
  const link = { name: "link", data: "/etc/passwd", mode };
  await assertRefused(buildZip([...GOOD, link]), "entry_type_refused");
});

Deno.test.each([
  { what: "one name twice", names: ["a", "a"] },
  { what: "a name and its capitals", names: ["MAR-INF/MANIFEST.json", "mar-inf/manifest.json"] },
  { what: "folders that differ in case", names: ["Labels/a", "labels/b"] },
  { what: "composed and decomposed letters", names: ["\u00e9", "e\u0301"] },
  { what: "sharp s and its capitals", names: ["stra\u00dfe", "STRASSE"] },
  { what: "an invisible character", names: ["handler.ts", "hand\u200dler.ts"] },
  { what: "a file that is a folder too", names: ["a", "a/b"] },
  { what: "a folder that is a file too", names: ["a/b", "a"] },
])("openArchive() refuses a zip with $what", async ({ names }) => {
  await assertRefused(buildZip(names.map((name) => ({ name }))), "entry_duplicate");
});

Deno.test("openArchive() refuses two manifests, as TorchServe's archiver may write", async () => {
  const name = "MAR-INF/MANIFEST.json";
  await assertRefused(buildZip([{ name, data: "{}" }, { name, data: "{ }" }]), "entry_duplicate");
});

const HELLO = { name: "a", data: "hello hello hello hello" };

Deno.test.each([
  { what: "more bytes than declared", entry: { ...HELLO, size: 22 } },
  { what: "fewer bytes than declared", entry: { ...HELLO, size: 24 } },
  { what: "no bytes declared", entry: { ...HELLO, size: 0 } },
  { what: "a stored size unlike its own", entry: { ...HELLO, isStored: true, size: 22 } },
  { what: "another size in its local header", entry: { ...HELLO, local: { size: 5 } } },
  { what: "another CRC in its local header", entry: { ...HELLO, local: { crc32: 5 } } },
])("openArchive() refuses a zip entry with $what", async ({ entry }) => {
  await assertRefused(buildZip([...GOOD, entry]), "entry_size_mismatch");
});

Deno.test("openArchive() refuses a zip entry whose CRC-32 is wrong", async () => {
  const isStored = true;
  await assertRefused(buildZip([{ ...HELLO, crc32: 1 }]), "entry_checksum_mismatch");
  await assertRefused(buildZip([{ ...HELLO, isStored, crc32: 1 }]), "entry_checksum_mismatch");
});

Deno.test("openArchive() refuses a local header that gives another name", async () => {
  const entry = { ...HELLO, name: "a.txt", local: { name: "b.txt" } };
  await assertRefused(buildZip([entry]), "entry_name_invalid");
  await assertRefused(buildZip([{ ...entry, local: { name: "a.txt2" } }]), "entry_name_invalid");
});

Deno.test.each([
  { what: "another method", local: { method: 0 } },
  { what: "other flags", local: { flags: 1 } },
  { what: "no signature", local: { signature: 0 } },
])("openArchive() refuses a local header with $what", async ({ local }) => {
  await assertRefused(buildZip([...GOOD, { ...HELLO, local }]), "archive_corrupt");
});

Deno.test("openArchive() refuses entries that share their bytes", async () => {
  const twin = { ...HELLO, name: "a" };
  const zip = buildZip([twin, { ...twin, localStart: 0 }]);
  await assertRefused(zip, "archive_corrupt");
});

Deno.test("openArchive() refuses an entry whose data runs into the next one", async () => {
  const entry = { name: "a", data: "hello", isStored: true, size: 40, packedSize: 40 };
  await assertRefused(buildZip([entry, ...GOOD]), "archive_corrupt");
});

Deno.test("openArchive() refuses bytes that belong to no entry", async () => {
  await assertRefused(buildZip([{ ...HELLO, trailer: toBytes("x") }, ...GOOD]), "archive_corrupt");
  await assertRefused(buildZip(GOOD, { gap: toBytes("hidden") }), "archive_corrupt");
});

Deno.test("openArchive() refuses deflated data with something behind its end", async () => {
  const packed = concat([new Uint8Array(deflateRawSync("hello")), toBytes("more")]);
  await assertRefused(buildZip([{ name: "a", data: "hello", packed }]), "archive_corrupt");
});

Deno.test("openArchive() refuses deflated data that breaks off", async () => {
  const data = new Uint8Array(2000).map((_, i) => (i * i) % 251);
  const packed = new Uint8Array(deflateRawSync(data)).subarray(0, 100);
  await assertRefused(buildZip([{ name: "a", data, packed }]), "archive_truncated");
});

Deno.test("openArchive() refuses bytes that are not deflated data", async () => {
  const packed = new Uint8Array(50).fill(0xff);
  await assertRefused(buildZip([{ name: "a", data: "hello", packed }]), "archive_corrupt");
});

Deno.test.each([
  { what: "a deflated entry of another method", entry: { ...HELLO, method: 14 } },
  { what: "an encrypted entry", entry: { ...HELLO, flags: 1 } },
  { what: "a strongly encrypted entry", entry: { ...HELLO, flags: 0x41 } },
  { what: "a masked entry", entry: { ...HELLO, flags: 0x2000 } },
  { what: "an entry on another disk", entry: { ...HELLO, disk: 1 } },
])("openArchive() refuses a zip with $what", async ({ entry }) => {
  await assertRefused(buildZip([...GOOD, entry]), "archive_unsupported");
});

Deno.test("openArchive() refuses a zip of several disks", async () => {
  await assertRefused(buildZip(GOOD, { disk: 1 }), "archive_unsupported");
  await assertRefused(buildZip(GOOD, { disk: 1, isZip64: true }), "archive_unsupported");
  const spanned = concat([Uint8Array.of(0x50, 0x4b, 7, 8), buildZip(GOOD)]);
  await assertRefused(spanned, "archive_unsupported");
});

Deno.test("openArchive() refuses a zip that is cut off, wherever", async () => {
  const zip = buildZip(GOOD);
  for (let length = 1; length < zip.length; length++) {
    const code = length < 4 ? "archive_format_unknown" : "archive_truncated";
    await assertRefused(zip.subarray(0, length), code);
  }
});

Deno.test("openArchive() refuses a zip with something before or behind it", async () => {
  const zip = buildZip(GOOD);
  await assertRefused(concat([toBytes("#!/bin/sh\n"), zip]), "archive_corrupt");
  await assertRefused(concat([zip, toBytes("more")]), "archive_truncated");
  // Even where all offsets count from before it, and it starts like a zip.
  const prefix = toBytes("PK\x03\x04junk");
  const directoryStart = prefix.length + buildZip([HELLO]).length - 22 - 46 - HELLO.name.length;
  const moved = buildZip([{ ...HELLO, localStart: prefix.length }], { directoryStart });
  await assertRefused(concat([prefix, moved]), "archive_corrupt");
  // A local header's signature, so that it looks like a zip at first sight.
  await assertRefused(concat([zip.subarray(0, 40), zip]), "archive_corrupt");
});

Deno.test.each([
  { what: "fewer entries than its directory", end: { entryCount: 1 } },
  { what: "more entries than its directory", end: { entryCount: 3 } },
  { what: "a directory elsewhere", end: { directoryStart: 10 } },
  { what: "a directory behind the file's end", end: { directoryStart: 1 << 30 } },
  { what: "a second end record in its comment", end: { comment: buildZip([]) } },
])("openArchive() refuses an end record that tells of $what", async ({ end }) => {
  await assertRefused(buildZip(GOOD, end), "archive_corrupt");
});

Deno.test("openArchive() refuses a zip of more than 10,000 entries", async () => {
  const entries = Array.from({ length: 10_001 }, (_, i) => ({ name: `f${i}`, isStored: true }));
  await assertRefused(buildZip(entries), "too_many_entries");
  await assertRefused(buildZip(GOOD), "too_many_entries", { maxEntries: 1 });
});

Deno.test("openArchive() refuses 120 MB of zeros, packed by more than 1,000:1", async () => {
  const zip = buildZip([{ name: "zeros", data: new Uint8Array(120_000_000) }]);
  await assertRefused(zip, "archive_ratio_too_high");
});

Deno.test("openArchive() refuses a ratio over 1,000:1 that is spread over many entries", async () => {
  const data = new Uint8Array(11_000_000);
  const entries = Array.from({ length: 10 }, (_, i) => ({ name: `zeros${i}`, data }));
  await assertRefused(buildZip(entries), "archive_ratio_too_high");
});

Deno.test("openArchive() refuses a zip that declares more than the limit", async () => {
  await assertRefused(buildZip([HELLO]), "archive_too_large", { maxUnpackedBytes: 22 });
  deepEqual(await unpackTexts(buildZip([HELLO]), { maxUnpackedBytes: 23 }), { a: HELLO.data });
});

Deno.test("openArchive() stops a zip that unpacks to more than it declares at once", async () => {
  const data = new Uint8Array(90_000_000);
  const entry = { name: "a", data, size: 1000, local: { size: 1000 } };
  await assertRefused(buildZip([entry]), "entry_size_mismatch", { maxUnpackedBytes: 2000 });
});
