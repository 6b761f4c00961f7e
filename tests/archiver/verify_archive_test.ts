import { deepEqual, equal, rejects } from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { openArchive } from "../../archiver/open_archive.ts";
import { verifyArchive } from "../../archiver/verify_archive.ts";
import { listTree } from "../support/archive_files.ts";
import { buildTgz } from "../support/tar_builder.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { buildZip } from "../support/zip_builder.ts";

const MANIFEST = "MAR-INF/MANIFEST.json";
const TEXTS = { "a.txt": "hello", "b/c.txt": "world", "b/same.txt": "same" };

function toRow(text: string) {
  return { size: text.length, sha256: createHash("sha256").update(text).digest("hex") };
}

const TABLE = JSON.stringify({
  files: Object.fromEntries(Object.entries(TEXTS).map(([path, text]) => [path, toRow(text)])),
});

/** The same files as zip, tar and folder; answers what `verifyArchive()` says of each. */
async function verifyAll(texts: Record<string, string>, manifest = TABLE) {
  await using folder = await TempFolder.create();
  const all = Object.entries({ ...texts, [MANIFEST]: manifest });
  const zip = buildZip(all.map(([name, data]) => ({ name, data })));
  const tgz = buildTgz(all.map(([name, data]) => ({ name: `m/${name}`, data })));
  for (const [name, data] of all) await folder.write(`m/${name}`, data);
  const paths = [
    await folder.write("m.mar", zip),
    await folder.write("m.tgz", tgz),
    folder.at("m"),
  ];
  const before = await listTree(folder.path);
  const reports = await Promise.all(paths.map((path) => verifyArchive(path)));
  deepEqual(await listTree(folder.path), before);
  deepEqual(reports[1], reports[0]);
  deepEqual(reports[2], reports[0]);
  return reports[0]!;
}

Deno.test("verifyArchive() proves every file of an archive", async () => {
  deepEqual(await verifyAll(TEXTS), {
    hasDigests: true,
    isProven: true,
    provenCount: 3,
    missing: [],
    extra: [],
    changed: [],
  });
});

Deno.test("verifyArchive() lists changed, missing and extra files", async () => {
  deepEqual(await verifyAll({ "a.txt": "jello", "b/c.txt": "world", "d.txt": "new" }), {
    hasDigests: true,
    isProven: false,
    provenCount: 1,
    missing: ["b/same.txt"],
    extra: ["d.txt"],
    changed: [{ path: "a.txt", expected: toRow("hello"), found: toRow("jello") }],
  });
});

Deno.test("verifyArchive() proves nothing without a table", async () => {
  const report = await verifyAll(TEXTS, "{}");
  equal(report.hasDigests, false);
  equal(report.isProven, false);
});

Deno.test("verifyArchive() refuses an archive that is unsound, as openArchive() does", async () => {
  await using folder = await TempFolder.create();
  const evil = await folder.write("evil.mar", buildZip([{ name: "../evil" }]));
  await rejects(verifyArchive(evil), { code: "entry_outside_destination" });
  const bad = await folder.write("bad.mar", buildZip([{ name: "a", data: "x", crc32: 1 }]));
  await rejects(verifyArchive(bad), { code: "entry_checksum_mismatch" });
  await rejects(verifyArchive(folder.at("none")), { code: "archive_not_found" });
  await rejects(verifyArchive(bad, { signal: AbortSignal.abort(new Error("early")) }), {
    message: "early",
  });
});

Deno.test.each([
  { file: "digits.mar", kind: "zip" },
  { file: "digits-store.mar", kind: "zip" },
  { file: "digits.tar.gz", kind: "tgz" },
])("openArchive() reads $file, which torch-model-archiver made", async ({ file, kind }) => {
  await using folder = await TempFolder.create();
  const path = fileURLToPath(new URL(`../testdata/archives/${file}`, import.meta.url));
  await using opened = await openArchive(path, { destination: folder.at("unpacked") });
  equal(opened.kind, kind);
  equal(opened.configText, "minWorkers: 1\n");
  equal(opened.manifest.archiverVersion, "0.12.0");
  deepEqual(opened.manifest.model, {
    modelName: "digits",
    serializedFile: "model.pt",
    handler: "handler.py",
    modelVersion: "1.0",
    configFile: "mc.yaml",
  });
  deepEqual(await listTree(opened.modelDir), [
    MANIFEST,
    "handler.py",
    "labels/index_to_name.json",
    "mc.yaml",
    "model.pt",
  ]);
  const labels = await Deno.readTextFile(`${opened.modelDir}/labels/index_to_name.json`);
  equal(labels, '{"0": "zéro"}\n');
  equal((await verifyArchive(path)).hasDigests, false);
});
