import { deepEqual, equal } from "node:assert/strict";
import fc from "fast-check";
import { relative } from "node:path";
import { ArchiveError } from "../../archiver/errors.ts";
import { openArchive } from "../../archiver/open_archive.ts";
import { verifyArchive } from "../../archiver/verify_archive.ts";
import { listTree } from "../support/archive_files.ts";
import { buildOnnx } from "../support/onnx_builder.ts";
import { buildTar, buildTgz, gzip, paxRecord } from "../support/tar_builder.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { buildZip } from "../support/zip_builder.ts";

const ENTRIES = [
  { name: "m/handler.ts", data: "export function handle() {}".repeat(20) },
  { name: "m/m.onnx", data: buildOnnx() },
  { name: "m/MAR-INF/MANIFEST.json", data: '{"model": {"modelName": "m"}}' },
];
const ZIP = buildZip(ENTRIES.map(({ name, data }) => ({ name: name.slice(2), data })));
const TAR = buildTar([paxRecord({ mtime: "1.5" }), ...ENTRIES]);

/**
 * Opens and verifies the bytes: each must work or throw an `ArchiveError`, and agree on which;
 * nothing may be written outside the destination, nothing at all when it is refused.
 */
async function assertContained(bytes: Uint8Array): Promise<void> {
  await using folder = await TempFolder.create();
  const path = await folder.write("box/a.mar", bytes);
  const destination = folder.at("box/unpacked");
  let isOpen = false;
  try {
    const opened = await openArchive(path, { destination });
    isOpen = true;
    for (const file of await listTree(folder.path)) {
      const isInside = !relative("box/unpacked", file).startsWith("..");
      equal(isInside || file === "box/a.mar", true, file);
    }
    await opened.remove();
  } catch (error) {
    equal(error instanceof ArchiveError, true, String(error));
  }
  deepEqual(await listTree(folder.path), ["box/a.mar"]);
  try {
    await verifyArchive(path);
  } catch (error) {
    equal(error instanceof ArchiveError, true, String(error));
    equal(isOpen, false);
  }
}

const component = fc.oneof(
  fc.constantFrom(
    "..",
    ".",
    "",
    "a",
    "A",
    "nul",
    "b.",
    "b ",
    "C:",
    "\\",
    "\0",
    "é",
    "e\u0301",
    "…",
  ),
  fc.string({ unit: "binary", maxLength: 8 }),
);
const entryName = fc.array(component, { minLength: 1, maxLength: 5 }).map((parts) =>
  parts.join("/")
);

Deno.test("openArchive() keeps any entry name inside its destination, or refuses it", async () => {
  const names = fc.array(entryName, { minLength: 1, maxLength: 3 });
  await fc.assert(
    fc.asyncProperty(names, async (list) => {
      await assertContained(buildZip(list.map((name) => ({ name, data: "x" }))));
      await assertContained(buildTgz(list.flatMap((path) => [
        paxRecord({ path }),
        { name: "m/a", data: "x" },
      ])));
    }),
    { numRuns: 150 },
  );
});

const flips = (length: number) =>
  fc.array(fc.tuple(fc.nat(length - 1), fc.integer({ min: 1, max: 255 })), {
    minLength: 1,
    maxLength: 4,
  });

function flip(bytes: Uint8Array, list: readonly (readonly [number, number])[]): Uint8Array {
  const flipped = bytes.slice();
  for (const [at, mask] of list) flipped[at]! ^= mask;
  return flipped;
}

Deno.test("openArchive() survives any changed bytes in a zip", async () => {
  await fc.assert(
    fc.asyncProperty(flips(ZIP.length), async (list) => await assertContained(flip(ZIP, list))),
    { numRuns: 400 },
  );
});

Deno.test("openArchive() survives any changed bytes in a tar and in its gzip", async () => {
  await fc.assert(
    fc.asyncProperty(
      flips(TAR.length),
      async (list) => await assertContained(gzip(flip(TAR, list))),
    ),
    { numRuns: 200 },
  );
  const tgz = gzip(TAR);
  await fc.assert(
    fc.asyncProperty(flips(tgz.length), async (list) => await assertContained(flip(tgz, list))),
    { numRuns: 100 },
  );
});

Deno.test("openArchive() survives any changed bytes in an ONNX model and a manifest", async () => {
  const onnx = ENTRIES[1]!.data as Uint8Array;
  const manifest = new TextEncoder().encode('{"model": {"handler": "a.ts", "modelVersion": 1}}');
  await fc.assert(
    fc.asyncProperty(flips(onnx.length), flips(manifest.length), async (first, second) => {
      await assertContained(buildZip([
        { name: "m.onnx", data: flip(onnx, first) },
        { name: "MAR-INF/MANIFEST.json", data: flip(manifest, second) },
      ]));
    }),
    { numRuns: 200 },
  );
});
