import { deepEqual, equal, match } from "node:assert/strict";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { listTree } from "../support/archive_files.ts";
import { runMarina } from "../support/marina_process.ts";
import { buildOnnx, externalTensor, field } from "../support/onnx_builder.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { buildZip, type ZipEntryRecipe } from "../support/zip_builder.ts";

const ONNX = buildOnnx([], [field(14, [field(1, "author"), field(2, "\x1b[31mme")])]);
const CONFIG = "batchSize: 8\nhandler: &h {topk: 3}\nagain: *h\n";
const MODEL = { modelName: "m", modelVersion: "1.0", handler: "handler.ts", configFile: "c.yaml" };

function toRow(data: string | Uint8Array) {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  return { size: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

function buildArchive(options: { config?: string; files?: unknown; more?: ZipEntryRecipe[] } = {}) {
  const config = options.config ?? CONFIG;
  const files = { "c.yaml": toRow(config), "handler.ts": toRow("h"), "m.onnx": toRow(ONNX) };
  const manifest = {
    runtime: "deno",
    model: MODEL,
    files: "files" in options ? options.files : files,
  };
  return buildZip([
    { name: "c.yaml", data: config },
    { name: "handler.ts", data: "h" },
    { name: "m.onnx", data: ONNX },
    ...options.more ?? [],
    { name: "MAR-INF/MANIFEST.json", data: JSON.stringify(manifest) },
  ]);
}

async function inspect(bytes: Uint8Array, ...args: string[]) {
  await using folder = await TempFolder.create();
  const path = await folder.write("m.mar", bytes);
  const outcome = await runMarina(["inspect", path, ...args]);
  deepEqual(await listTree(folder.path), ["m.mar"]);
  return outcome;
}

Deno.test("inspect shows manifest, files, digests, inputs, outputs and config", async () => {
  const { code, stdout, stderr } = await inspect(buildArchive(), "--verify");
  equal(stderr, "");
  equal(code, 0);
  match(stdout, /^Model {8}m\nVersion {6}1\.0$/m);
  match(stdout, new RegExp(`^ +1  ${toRow("h").sha256}  handler\\.ts$`, "m"));
  match(stdout, /^ONNX model m\.onnx: IR 8; opsets ai\.onnx 17; test$/m);
  match(stdout, /^ {2}input {5}x {7}float32 \[batch, 4\]$/m);
  match(stdout, /^ {2}output {4}y {7}float32 \[batch, 4\]$/m);
  match(stdout, /^ {2}batchSize: 8\n {2}handler:\n {4}topk: 3\n {2}again:\n {4}topk: 3$/m);
  match(stdout, /^Verification: all 3 files are as the manifest says$/m);
});

Deno.test("inspect does not let an archive's texts steer the terminal", async () => {
  const { stdout } = await inspect(buildArchive());
  equal(stdout.includes("\x1b"), false);
  match(stdout, /\\u001b\[31mme/);
});

Deno.test("inspect --json prints one document", async () => {
  const { code, stdout } = await inspect(buildArchive(), "--json", "--verify");
  equal(code, 0);
  const found = JSON.parse(stdout);
  deepEqual(found.manifest, { runtime: "deno", model: MODEL });
  deepEqual(found.config, { batchSize: 8, handler: { topk: 3 }, again: { topk: 3 } });
  deepEqual(found.files[1], { path: "c.yaml", ...toRow(CONFIG) });
  deepEqual(found.files[3].onnx.inputs, [{ name: "x", dtype: "float32", shape: ["batch", 4] }]);
  deepEqual(found.verification.isProven, true);
});

Deno.test("inspect --verify exits 1 and names each difference", async () => {
  const files = {
    "c.yaml": toRow("batchSize: 9"),
    "gone.txt": toRow(""),
    "m.onnx": toRow(ONNX),
  };
  const { code, stdout, stderr } = await inspect(buildArchive({ files }), "--verify");
  equal(code, 1);
  match(stdout, /^ {2}changed {2}c\.yaml: expected [0-9a-f]{64} \(12 bytes\), found/m);
  match(stdout, /^ {2}missing {2}gone\.txt\n {2}extra {4}handler\.ts$/m);
  match(stderr, /^marina inspect: error: Cannot verify ".*": 1 changed, 1 missing, 1 extra\n$/);
});

Deno.test("inspect --verify exits 1 when the manifest holds no digests", async () => {
  const bytes = buildArchive({ files: undefined });
  equal((await inspect(bytes)).code, 0);
  const { code, stderr } = await inspect(bytes, "--verify");
  equal(code, 1);
  match(stderr, /its manifest holds no digests, pack it with marina archive\n$/);
});

Deno.test.each([
  { what: "is no YAML", config: "a: [", expected: /configFile "c\.yaml": it is not valid YAML/ },
  {
    what: "is a bomb of aliases",
    config: "a: &a [x, x, x, x, x]\nb: &b [*a, *a, *a, *a, *a]\nc: [*b, *b, *b, *b, *b, *b]\n",
    expected: /Excessive alias count/,
  },
])("inspect exits 1 when the config $what", async ({ config, expected }) => {
  const { code, stdout, stderr } = await inspect(buildArchive({ config }));
  equal(code, 1);
  match(stdout, /m\.onnx/);
  match(stderr, expected);
});

Deno.test("inspect exits 1 on an archive that would not be opened, without a stack", async () => {
  const onnx = buildOnnx([field(5, externalTensor("../w"))]);
  for (
    const [more, expected] of [
      [{ name: "../evil" }, /the path leaves the destination/],
      [{ name: "two.onnx", data: onnx }, /refers to external data "\.\.\/w"/],
      [{ name: "three.onnx", data: "none" }, /is not an ONNX model/],
    ] as const
  ) {
    const { code, stderr } = await inspect(buildArchive({ files: undefined, more: [more] }));
    equal(code, 1);
    match(stderr, expected);
    equal(stderr.trim().split("\n").length, 1);
  }
});

Deno.test("inspect reads the config of a tar that torch-model-archiver made", async () => {
  const url = new URL("../testdata/archives/digits.tar.gz", import.meta.url);
  const { code, stdout } = await runMarina(["inspect", "--json", fileURLToPath(url)]);
  equal(code, 0);
  const found = JSON.parse(stdout);
  deepEqual(found.config, { minWorkers: 1 });
  deepEqual(found.files.map((file: { path: string }) => file.path), [
    "MAR-INF/MANIFEST.json",
    "handler.py",
    "labels/index_to_name.json",
    "mc.yaml",
    "model.pt",
  ]);
});

Deno.test("inspect --help prints its usage and exits 0", async () => {
  const { code, stdout } = await runMarina(["inspect", "--help"]);
  equal(code, 0);
  match(stdout, /^Usage: marina inspect \[--json\] \[--verify\] ARCHIVE\n/);
});

Deno.test.each([
  { args: [] },
  { args: ["a", "b"] },
  { args: ["--nonsense", "a"] },
  { args: ["--json=1", "a"] },
])("inspect $args exits 2 and prints its usage on stderr", async ({ args }) => {
  const { code, stdout, stderr } = await runMarina(["inspect", ...args]);
  equal(code, 2);
  equal(stdout, "");
  match(stderr, /^Usage: marina inspect[^]*\nmarina inspect: error: .+\n$/);
});

Deno.test("inspect exits 1 when there is no such archive", async () => {
  const { code, stderr } = await runMarina(["inspect", "nowhere.mar"]);
  equal(code, 1);
  equal(stderr, 'marina inspect: error: Cannot open "nowhere.mar": no such file or folder\n');
});
