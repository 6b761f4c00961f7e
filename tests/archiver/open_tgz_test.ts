import { deepEqual } from "node:assert/strict";
import { assertRefused, unpackTexts } from "../support/archive_files.ts";
import {
  buildTar,
  buildTgz,
  gzip,
  paxRecord,
  type TarEntryRecipe,
} from "../support/tar_builder.ts";
import { concat, toBytes } from "../support/zip_builder.ts";

const GOOD: readonly TarEntryRecipe[] = [
  paxRecord({ mtime: "1714979290.5" }),
  { name: "m1/handler.ts", data: "export function handle() {}" },
  { name: "m1/MAR-INF/MANIFEST.json", data: "{}" },
];
const GOOD_TEXTS = {
  "handler.ts": "export function handle() {}",
  "MAR-INF/MANIFEST.json": "{}",
};

Deno.test("openArchive() unpacks a gzipped tar and drops the first component", async () => {
  deepEqual(await unpackTexts(buildTgz(GOOD)), GOOD_TEXTS);
});

Deno.test("openArchive() drops nothing when MAR-INF is at the tar's root", async () => {
  const tgz = buildTgz([
    { name: "sub/x", data: "1" },
    { name: "MAR-INF/MANIFEST.json", data: "{}" },
  ]);
  deepEqual(await unpackTexts(tgz), { "sub/x": "1", "MAR-INF/MANIFEST.json": "{}" });
});

Deno.test("openArchive() drops the first component of each entry, whatever it is", async () => {
  const tgz = buildTgz([
    { name: "a/b", data: "1" },
    { name: "b/c", data: "2" },
    { name: "top", data: "3" },
  ]);
  deepEqual(await unpackTexts(tgz), { b: "1", c: "2", top: "3" });
});

Deno.test("openArchive() refuses entries of a tar that become one file", async () => {
  await assertRefused(buildTgz([{ name: "a/x" }, { name: "b/x" }]), "entry_duplicate");
  await assertRefused(buildTgz([{ name: "a/x" }, { name: "b/X" }]), "entry_duplicate");
});

Deno.test("openArchive() takes ./ for the tar's root", async () => {
  const tgz = buildTgz([
    { name: "./", type: "5" },
    { name: "./MAR-INF/", type: "5" },
    { name: "./MAR-INF/MANIFEST.json", data: "{}" },
    { name: "./x", data: "1" },
  ]);
  deepEqual(await unpackTexts(tgz), { x: "1", "MAR-INF/MANIFEST.json": "{}" });
});

Deno.test("openArchive() reads long names in PAX, GNU and ustar form", async () => {
  const long = "l".repeat(120);
  const tgz = buildTgz([
    paxRecord({ comment: "for all" }, "g"),
    paxRecord({ path: `m/é/${long}`, size: "3" }),
    { name: "m/short", data: "pax", size: 0 },
    { name: "././@LongLink", type: "L", data: `m/gnu${long}\0`, isGnu: true },
    { name: "m/short", data: "gnu", isGnu: true },
    { name: long.slice(0, 90), prefix: `m/${"p".repeat(100)}`, data: "ustar" },
  ]);
  deepEqual(await unpackTexts(tgz), {
    [`é/${long}`]: "pax",
    [`gnu${long}`]: "gnu",
    [`${"p".repeat(100)}/${long.slice(0, 90)}`]: "ustar",
  });
});

Deno.test("openArchive() reads a tar of several gzip members and much padding", async () => {
  const tar = buildTar(GOOD);
  const tgz = concat([
    gzip(tar.subarray(0, 700)),
    gzip(tar.subarray(700)),
    gzip(new Uint8Array(1 << 20)),
  ]);
  deepEqual(await unpackTexts(tgz), GOOD_TEXTS);
});

Deno.test.each([
  { what: "hard link", type: "1" },
  { what: "symbolic link", type: "2" },
  { what: "character device", type: "3" },
  { what: "block device", type: "4" },
  { what: "pipe", type: "6" },
  { what: "GNU sparse file", type: "S" },
  { what: "file of unknown type", type: "Z" },
])("openArchive() refuses a $what in a tar", async ({ type }) => {
  const link = { name: "m1/link", type, linkName: "/etc/passwd" };
  await assertRefused(buildTgz([...GOOD, link]), "entry_type_refused");
});

Deno.test("openArchive() refuses a sparse file in PAX form", async () => {
  const tgz = buildTgz([paxRecord({ "GNU.sparse.major": "1" }), { name: "m/a" }]);
  await assertRefused(tgz, "entry_type_refused");
});

Deno.test.each([
  { name: "../evil" },
  { name: "m1/../../evil" },
  { name: "/etc/passwd" },
  { name: "C:/evil" },
  { name: "m1\\..\\..\\evil" },
])("openArchive() refuses $name in a tar, which leaves the destination", async ({ name }) => {
  await assertRefused(buildTgz([...GOOD, { name }]), "entry_outside_destination");
  const pax = buildTgz([...GOOD, paxRecord({ path: name }), { name: "m1/good" }]);
  await assertRefused(pax, "entry_outside_destination");
  const gnu = buildTgz([...GOOD, { name: "L", type: "L", data: name }, { name: "m1/good" }]);
  await assertRefused(gnu, "entry_outside_destination");
});

Deno.test.each([
  { what: "NUL", path: "m1/a\0b" },
  { what: "a back-slash", path: "m1\\b" },
  { what: "a trailing dot", path: "m1/a." },
  { what: "a reserved name", path: "m1/aux.py" },
  { what: "two slashes", path: "m1//a" },
])("openArchive() refuses a tar entry's name with $what", async ({ path }) => {
  const tgz = buildTgz([...GOOD, paxRecord({ path }), { name: "m1/good" }]);
  await assertRefused(tgz, "entry_name_invalid");
});

Deno.test("openArchive() refuses one name twice in a tar", async () => {
  await assertRefused(buildTgz([...GOOD, GOOD[1]!]), "entry_duplicate");
});

Deno.test.each([
  { what: "a wrong checksum", entries: [{ name: "m/a", checksum: 1 }] },
  { what: "a name given twice", entries: [paxRecord({ path: "m/a" }), paxRecord({ path: "m/b" })] },
  { what: "a size for all", entries: [paxRecord({ size: "5" }, "g")] },
  { what: "a name for all", entries: [paxRecord({ path: "m/a" }, "g")] },
  { what: "a PAX record without length", entries: [{ name: "p", type: "x", data: "path=a\n" }] },
  { what: "a PAX record too long", entries: [{ name: "p", type: "x", data: "99 path=a\n" }] },
  { what: "a negative PAX size", entries: [paxRecord({ size: "-1" })] },
  { what: "a PAX record of 1 MB", entries: [paxRecord({ comment: "x".repeat(1e6) })] },
  { what: "a folder with content", entries: [{ name: "m/", type: "5", data: "x" }] },
])("openArchive() refuses a tar with $what", async ({ entries }) => {
  await assertRefused(buildTgz([...entries, { name: "m/x" }]), "archive_corrupt");
});

Deno.test("openArchive() refuses a tar that is cut off, with a whole gzip around it", async () => {
  const tar = buildTar(GOOD);
  for (const length of [0, 1, 511, 512, 700, 1024, 1536, tar.length - 1024, tar.length - 512]) {
    await assertRefused(gzip(tar.subarray(0, length)), "archive_truncated");
  }
  await assertRefused(gzip(buildTar(GOOD, { hasEnd: false })), "archive_truncated");
  const declaresMore = buildTar([{ name: "m/a", data: "x", size: 5000 }]);
  await assertRefused(gzip(declaresMore), "archive_truncated");
});

Deno.test("openArchive() refuses a gzip that is cut off, wherever", async () => {
  const tgz = buildTgz(GOOD);
  for (let length = 4; length < tgz.length; length++) {
    await assertRefused(tgz.subarray(0, length), "archive_truncated");
  }
});

Deno.test("openArchive() refuses a gzip whose checksum or length is wrong", async () => {
  for (const fromEnd of [6, 2]) {
    const tgz = buildTgz(GOOD);
    tgz[tgz.length - fromEnd]! ^= 1;
    await assertRefused(tgz, "archive_corrupt");
  }
});

Deno.test("openArchive() refuses what follows a tar's end", async () => {
  const tar = buildTar(GOOD);
  await assertRefused(gzip(concat([tar, buildTar(GOOD)])), "archive_corrupt");
  await assertRefused(gzip(concat([tar, new Uint8Array(4 << 20)])), "archive_corrupt");
  await assertRefused(concat([gzip(tar), toBytes("more")]), "archive_corrupt");
});

Deno.test("openArchive() refuses a gzip that holds no tar", async () => {
  await assertRefused(gzip(toBytes("hello ".repeat(200))), "archive_corrupt");
});

Deno.test("openArchive() refuses a tar of more than 10,000 entries", async () => {
  const entries = Array.from({ length: 10_001 }, (_, i) => ({ name: `m/f${i}` }));
  await assertRefused(buildTgz(entries), "too_many_entries");
});

Deno.test("openArchive() refuses a tar whose files are over the limit", async () => {
  const tgz = buildTgz([{ name: "m/a", data: "12345" }]);
  await assertRefused(tgz, "archive_too_large", { maxUnpackedBytes: 4 });
  deepEqual(await unpackTexts(tgz, { maxUnpackedBytes: 5 }), { a: "12345" });
});

Deno.test("openArchive() refuses a tar of zeros, packed by more than 1,000:1", async () => {
  const tgz = buildTgz([{ name: "m/a", data: new Uint8Array(110_000_000) }]);
  await assertRefused(tgz, "archive_ratio_too_high");
});
