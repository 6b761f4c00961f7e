import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { openArchive } from "../../archiver/mod.ts";
import { runMarina } from "../support/marina_process.ts";
import { runPython } from "../support/python.ts";
import { TempFolder } from "../support/temp_folder.ts";
import {
  installTorchModelArchiver,
  runTorchModelArchiver,
} from "../support/torch_model_archiver.ts";

const tool = await installTorchModelArchiver();
const note = tool.reason === undefined ? "" : ` (skipped: ${tool.reason})`;
const options = { ignore: tool.reason !== undefined };
const FORMATS = ["default", "zip-store", "tgz", "no-archive"] as const;

/** Names, contents, methods and modes, as Python sees them. */
const DESCRIBE_SCRIPT = `import sys, os, json, zipfile, tarfile, hashlib
def sha(b): return hashlib.sha256(b).hexdigest()
path, rows = sys.argv[1], []
if os.path.isdir(path):
  for root, dirs, files in os.walk(path):
    for f in files:
      full = os.path.join(root, f)
      rows.append([os.path.relpath(full, path), sha(open(full, "rb").read()), 0])
elif zipfile.is_zipfile(path):
  for i in zipfile.ZipFile(path).infolist():
    rows.append([i.filename, sha(zipfile.ZipFile(path).read(i)), i.compress_type])
else:
  with tarfile.open(path) as t:
    for m in t: rows.append([m.name, sha(t.extractfile(m).read()), 0])
print(json.dumps(rows))`;

async function writeInputs(folder: TempFolder): Promise<void> {
  await folder.write("src/model.py", "class Net: pass\n");
  await folder.write("src/model.pt", new Uint8Array(300_000).map((_, i) => i % 251));
  await folder.write("src/handler.py");
  await folder.write("src/pkg/mod.py");
  await folder.write("src/a.pyx/handler.py");
  await folder.write("src/a.json", "{}");
  await folder.write("src/b.json", "[]");
  await folder.write("src/[z].json", "1");
  await folder.write("src/extra/.hidden");
  await folder.write("src/extra/deep/er/file.txt");
  await folder.write("src/extra/deep/__pycache__/x.pyc");
  await folder.write("src/extra/__MACOSX/x");
  await folder.write("src/extra/.git/config");
  await folder.write("src/extra/h\u00e9.txt");
  await folder.write("src/extra/old.pyc");
  await folder.write("src/extra/other.mar");
  await folder.write("src/requirements.txt", "numpy\n");
  await folder.write("src/mc.yaml", "minWorkers: 1\n");
  await Deno.mkdir(folder.at("src/extra/nothing"));
}

/** Both tools, side by side, on the same inputs. */
async function packTwice(folder: TempFolder, args: readonly string[]) {
  await writeInputs(folder);
  for (const name of ["theirs", "ours"]) await Deno.mkdir(folder.at(name));
  const all = ["--model-name", "m1", "-v", "1.0", ...args];
  const theirs = await runTorchModelArchiver([...all, "--export-path", "theirs"], {
    folder: tool.folder!,
    cwd: folder.path,
  });
  const ours = await runMarina(["archive", ...all, "--export-path", "ours"], { cwd: folder.path });
  return { theirs, ours };
}

const EVERYTHING = [
  ...["--handler", "src/handler.py", "--model-file", "src/model.py"],
  ...["--serialized-file", "src/model.pt", "-r", "src/requirements.txt", "-c", "src/mc.yaml"],
  ...["--extra-files", "src/?.json,src/extra,"],
];

Deno.test.each(FORMATS.map((format) => ({ format })))(
  `archive packs the same $format as torch-model-archiver, and opens its archives${note}`,
  options,
  async ({ format }) => {
    await using folder = await TempFolder.create();
    const { theirs, ours } = await packTwice(folder, [...EVERYTHING, "--archive-format", format]);
    deepStrictEqual([theirs.code, ours.code], [0, 0], theirs.stderr + ours.stderr);
    const described: unknown[] = [];
    const manifests: Record<string, unknown>[] = [];
    for (const name of ["theirs", "ours"]) {
      const [archive] = await folder.list(name);
      const path = folder.at(`${name}/${archive}`);
      const rows = await runPython(DESCRIBE_SCRIPT, [path]) as string[][];
      const isManifest = (row: string[]) => row[0]!.endsWith("MAR-INF/MANIFEST.json");
      if (format !== "no-archive") strictEqual(rows.findIndex(isManifest), rows.length - 1);
      // The manifests differ by what is compared below.
      described.push([archive, rows.map((row) => isManifest(row) ? row.with(1, "") : row).sort()]);

      await using opened = await openArchive(path, { destination: folder.at(`${name}-open`) });
      const text = await Deno.readTextFile(`${opened.modelDir}/MAR-INF/MANIFEST.json`);
      manifests.push(JSON.parse(text));
      strictEqual(opened.configText, "minWorkers: 1\n");
    }
    deepStrictEqual(described[1], described[0]);
    const [their, our] = manifests as [Record<string, unknown>, Record<string, unknown>];
    deepStrictEqual(Object.keys(our), [...Object.keys(their), "files"]);
    deepStrictEqual(Object.entries(our.model as object), Object.entries(their.model as object));
    deepStrictEqual([our.runtime, their.archiverVersion], [their.runtime, "0.12.0"]);
  },
);

Deno.test.each([
  { handler: "image_classifier" },
  { handler: "src/handler.py" },
  { handler: "src/handler" },
  { handler: "src/handler:entry" },
  { handler: "src/pkg/mod:Cls" },
  { handler: "" },
])(
  `archive packs handler "$handler" as torch-model-archiver does${note}`,
  options,
  async ({ handler }) => {
    await using folder = await TempFolder.create();
    const args = ["--handler", handler, "--runtime", "python", "--archive-format", "no-archive"];
    const { theirs, ours } = await packTwice(folder, args);
    deepStrictEqual([theirs.code, ours.code], [0, 0], theirs.stderr + ours.stderr);
    const [their, our] = await Promise.all(["theirs", "ours"].map(async (name) => {
      const text = await Deno.readTextFile(folder.at(`${name}/m1/MAR-INF/MANIFEST.json`));
      const { model, runtime } = JSON.parse(text);
      return { model, runtime, names: await folder.list(`${name}/m1`) };
    }));
    deepStrictEqual(our, their);
  },
);

Deno.test.each([
  { handler: "src/a.pyx/handler" },
  { handler: "pkg.mod" },
  { handler: "BaseHandler" },
  { handler: "nope.py" },
])(
  `archive refuses handler "$handler" as torch-model-archiver does${note}`,
  options,
  async ({ handler }) => {
    await using folder = await TempFolder.create();
    const { theirs, ours } = await packTwice(folder, ["--handler", handler, "--runtime", "python"]);
    deepStrictEqual([theirs.code, ours.code], [1, 1]);
  },
);

Deno.test.each([
  { args: [] },
  { args: ["--m", "x"] },
  { args: ["--m=x"] },
  { args: ["--handler"] },
  { args: ["--handler", "-x"] },
  { args: ["--handler", "--"] },
  { args: ["-fx"] },
  { args: ["-f=1"] },
  { args: ["-fv"] },
  { args: ["--force="] },
  { args: ["--arch", "zip"] },
  { args: ["--arch", "it's"] },
  { args: ["--handler", "h", "a", "--b", "-c1", "-d"] },
  { args: ["--handler", "h", "--", "-f"] },
  { args: ["--handler", "h", "-1"] },
])(`archive says what torch-model-archiver says to $args${note}`, options, async ({ args }) => {
  await using folder = await TempFolder.create();
  const all = args.length === 0 ? [] : ["--model-name", "m", "-v", "1", ...args];
  const theirs = await runTorchModelArchiver(all, { folder: tool.folder!, cwd: folder.path });
  const ours = await runMarina(["archive", ...all], { cwd: folder.path });
  const last = (text: string) => text.trimEnd().split("\n").at(-1)!.replace(/^.*: error: /, "");
  deepStrictEqual([ours.code, last(ours.stderr)], [theirs.code, last(theirs.stderr)]);
  strictEqual(ours.code, 2);
});
