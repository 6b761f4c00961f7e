import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import { findPathFault, toCollisionKey } from "../../archiver/entry_path.ts";
import { PIECE_BYTES } from "../../archiver/packing/packing.ts";
import { ARCHIVE_FORMATS, generateModelArchive, openArchive } from "../../archiver/mod.ts";
import { TempFolder } from "../support/temp_folder.ts";

/** Sizes at which a reader or writer that works in pieces turns a corner. */
const SIZES = [0, 1, PIECE_BYTES - 1, PIECE_BYTES, PIECE_BYTES + 1, 4 * PIECE_BYTES + 3];

const FILE = fc.record({
  name: fc.string({ unit: "grapheme", minLength: 1, maxLength: 30 })
    .filter((name) => !name.includes("/") && findPathFault(name) === undefined),
  sizeBytes: fc.constantFrom(...SIZES),
  seed: fc.integer({ min: 1, max: 250 }),
});

Deno.test("openArchive() gives back what generateModelArchive() packed, in every format", async () => {
  const files = fc.uniqueArray(FILE, {
    maxLength: 5,
    selector: ({ name }) => toCollisionKey(name),
  });
  await fc.assert(
    fc.asyncProperty(files, fc.constantFrom(...ARCHIVE_FORMATS), async (files, archiveFormat) => {
      await using folder = await TempFolder.create();
      await Deno.mkdir(folder.at("in"));
      const bytesByName = new Map<string, Uint8Array>();
      for (const { name, sizeBytes, seed } of files) {
        bytesByName.set(name, new Uint8Array(sizeBytes).map((_, i) => i * seed >> 3));
        await folder.write(`in/${name}`, bytesByName.get(name)!);
      }
      const path = await generateModelArchive({
        ...{ modelName: "m", handler: "base_handler", version: "1", archiveFormat },
        ...{ exportPath: folder.path, extraFiles: folder.at("in") },
      });
      await using opened = await openArchive(path, { destination: folder.at("unpacked") });
      deepStrictEqual([...opened.manifest.files!.keys()], [...bytesByName.keys()].sort());
      for (const [name, bytes] of bytesByName) {
        const found = await Deno.readFile(`${opened.modelDir}/${name}`);
        strictEqual(found.length, bytes.length, name);
        strictEqual(found.every((byte, i) => byte === bytes[i]), true, name);
      }
    }),
    { numRuns: 25 },
  );
});
