import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import {
  listPackedFiles,
  readPackedFile,
  resolvePackedDir,
  writePackedFiles,
} from "../../archiver/mod.ts";

Deno.test("readPackedFile() gives back what writePackedFiles() has packed, smaller on the disk", async () => {
  const root = await Deno.makeTempDir();
  try {
    const packed = join(root, "packed");
    const zeros = new Uint8Array(100_000).fill(7);
    await Deno.writeFile(join(root, "zeros"), zeros);
    await Deno.writeFile(join(root, "empty"), new Uint8Array());
    await writePackedFiles(packed, new Map([["gone", join(root, "empty")]]));
    await writePackedFiles(
      packed,
      new Map([["lib/zeros.so.1", join(root, "zeros")], ["empty", join(root, "empty")]]),
    );
    deepStrictEqual(await listPackedFiles(packed), [
      { path: "lib/zeros.so.1", sizeBytes: 100_000 },
      { path: "empty", sizeBytes: 0 },
    ]);
    deepStrictEqual(await readPackedFile(packed, "lib/zeros.so.1"), zeros);
    deepStrictEqual(await readPackedFile(packed, "empty"), new Uint8Array());
    strictEqual((await Deno.stat(join(packed, "lib/zeros.so.1.zst"))).size < 1000, true);
    await rejects(readPackedFile(packed, "gone"), Deno.errors.NotFound);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("resolvePackedDir() keeps targets apart", () => {
  strictEqual(
    resolvePackedDir("a") === resolvePackedDir("b"),
    false,
  );
});
