import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { createHash } from "node:crypto";
import {
  ARCHIVE_FORMATS,
  generateModelArchive,
  type ModelArchiverConfig,
  openArchive,
} from "../../archiver/mod.ts";
import { hasPython, runPython } from "../support/python.ts";
import { FIXED_SEC, TempFolder } from "../support/temp_folder.ts";

/** Inputs of every kind, and what must not be packed. */
async function writeInputs(folder: TempFolder): Promise<ModelArchiverConfig> {
  await folder.write("src/weights.bin", new Uint8Array(3_000_000).map((_, i) => i * i >> 7));
  await folder.write("src/handler.ts", "export const handle = () => [];\n");
  await Deno.chmod(await folder.write("src/extra/run.sh"), 0o700);
  await folder.write("src/extra/.hidden");
  await folder.write("src/extra/sub/empty.txt", "");
  await folder.write("src/extra/sub/h\u00e9llo.txt");
  await folder.write("src/extra/__pycache__/x.pyc");
  await folder.write("src/extra/sub/__MACOSX/x");
  await folder.write("src/extra/.git/config");
  await Deno.mkdir(folder.at("src/extra/nothing"));
  await folder.write("src/more/sub/other.txt");
  await folder.write("src/mc.yaml", "batchSize: 2\n");
  return {
    modelName: "m1",
    handler: folder.at("src/handler.ts"),
    bundle: false,
    version: "1.0",
    serializedFile: folder.at("src/weights.bin"),
    extraFiles: ` ${folder.at("src/extra")} ,, ${folder.at("src/more")}`,
    configFile: folder.at("src/mc.yaml"),
    exportPath: folder.path,
  };
}

const ENTRY_NAMES = [
  ".hidden",
  "handler.ts",
  "mc.yaml",
  "run.sh",
  "sub/empty.txt",
  "sub/h\u00e9llo.txt",
  "sub/other.txt",
  "weights.bin",
  "MAR-INF/MANIFEST.json",
];

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Every file below a folder, by its path. */
async function readTree(root: string, prefix = ""): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for await (const { name, isDirectory } of Deno.readDir(`${root}/${prefix}`)) {
    const path = prefix + name;
    if (!isDirectory) files.set(path, await Deno.readFile(`${root}/${path}`));
    else for (const entry of await readTree(root, `${path}/`)) files.set(...entry);
  }
  return files;
}

Deno.test.each(ARCHIVE_FORMATS.map((format) => ({ format })))(
  "generateModelArchive() writes $format so that openArchive() finds every file and digest",
  async ({ format }) => {
    await using folder = await TempFolder.create();
    const model = await writeInputs(folder);
    const path = await generateModelArchive({ ...model, archiveFormat: format });
    const suffix = { "tgz": ".tar.gz", "no-archive": "", "zip-store": ".mar", "default": ".mar" };
    strictEqual(path, `${folder.path}/m1${suffix[format]}`);
    await using opened = await openArchive(path, { destination: folder.at("unpacked") });
    const found = await readTree(opened.modelDir);
    deepStrictEqual([...found.keys()].sort(), [...ENTRY_NAMES].sort());
    const { files, ...manifest } = opened.manifest;
    deepStrictEqual(manifest, {
      createdOn: "06/05/2024 07:08:10",
      runtime: "deno",
      model: {
        modelName: "m1",
        modelVersion: "1.0",
        handler: "handler.ts",
        serializedFile: "weights.bin",
        configFile: "mc.yaml",
      },
      archiverVersion: "0.1.0",
    });
    found.delete("MAR-INF/MANIFEST.json");
    const digests = [...found].map(([name, bytes]) =>
      [name, { size: bytes.length, sha256: sha256(bytes) }] as const
    );
    deepStrictEqual(files, new Map(digests));
    deepStrictEqual([...files!.keys(), "MAR-INF/MANIFEST.json"], ENTRY_NAMES);
    deepStrictEqual(found.get("weights.bin"), await Deno.readFile(model.serializedFile!));
  },
);

Deno.test({
  name: "generateModelArchive() writes zips as Python's zipfile wants them (needs python3)",
  ignore: !hasPython,
  fn: async () => {
    const script = `import sys,json,zipfile
z = zipfile.ZipFile(sys.argv[1])
assert z.testzip() is None
print(json.dumps([[i.filename, i.compress_type, i.flag_bits, oct(i.external_attr >> 16),
  i.extract_version, i.create_system, len(i.extra), i.date_time] for i in z.infolist()]))`;
    for (const [archiveFormat, method] of [["default", 8], ["zip-store", 0]] as const) {
      await using folder = await TempFolder.create();
      const path = await generateModelArchive({ ...await writeInputs(folder), archiveFormat });
      deepStrictEqual(
        await runPython(script, [path]),
        ENTRY_NAMES.map((name) => {
          // Bit 11 says UTF-8; bit 3, the data descriptor, must never be set.
          const flags = name.includes("\u00e9") ? 2048 : 0;
          const mode = name === "run.sh" ? "0o100755" : "0o100644";
          return [name, method, flags, mode, 20, 3, 0, [2024, 5, 6, 7, 8, 10]];
        }),
      );
    }
  },
});

Deno.test({
  name: "generateModelArchive() writes tgz as Python's tarfile wants it (needs python3)",
  ignore: !hasPython,
  fn: async () => {
    await using folder = await TempFolder.create();
    const longName = `${"d".repeat(90)}/${"f".repeat(200)}`;
    await folder.write(`src/extra/${longName}`);
    const model = await writeInputs(folder);
    const path = await generateModelArchive({ ...model, archiveFormat: "tgz" });
    const script = `import sys,json,tarfile
with tarfile.open(sys.argv[1]) as t:
  print(json.dumps([[m.name, oct(m.mode), m.mtime, m.type.decode(), m.uid, m.gid, m.uname,
    m.gname, m.pax_headers.get("path"), len(t.extractfile(m).read()) == m.size] for m in t]))`;
    const names = [...ENTRY_NAMES];
    names.splice(1, 0, longName);
    deepStrictEqual(
      await runPython(script, [path]),
      names.map((name) => {
        const mode = name === "run.sh" ? "0o755" : "0o644";
        const hasRecord = name === longName || name.includes("\u00e9");
        const record = hasRecord ? `m1/${name}` : null;
        return [`m1/${name}`, mode, FIXED_SEC, "0", 0, 0, "", "", record, true];
      }),
    );
    deepStrictEqual([...(await Deno.readFile(path)).subarray(0, 10)], [
      ...[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 255],
    ]);
  },
});

Deno.test({
  name: "generateModelArchive() gives plain files their mode and time for no-archive",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await TempFolder.create();
    const model = await writeInputs(folder);
    const path = await generateModelArchive({ ...model, archiveFormat: "no-archive" });
    for (const [name, mode] of [["run.sh", 0o755], ["weights.bin", 0o644]] as const) {
      const info = await Deno.stat(`${path}/${name}`);
      strictEqual(info.mode! & 0o777, mode);
      strictEqual(info.mtime!.getTime(), FIXED_SEC * 1000);
    }
  },
});

Deno.test("generateModelArchive() gives the same bytes for other file times when the epoch is given", async () => {
  await using folder = await TempFolder.create();
  const model = await writeInputs(folder);
  const options = { sourceDateEpochSec: 1_000_000_000 };
  const digests: string[] = [];
  for (const exportPath of [folder.at("one"), folder.at("two")]) {
    const path = await generateModelArchive({ ...model, exportPath }, options);
    digests.push(sha256(await Deno.readFile(path)));
    await Deno.utime(model.serializedFile!, 1, 1_234_567);
  }
  strictEqual(digests[0], digests[1]);
  const path = await generateModelArchive({ ...model, archiveFormat: "no-archive" }, options);
  strictEqual(
    JSON.parse(await Deno.readTextFile(`${path}/MAR-INF/MANIFEST.json`)).createdOn,
    "09/09/2001 01:46:40",
  );
});

Deno.test("generateModelArchive() packs a file older than 1980", async () => {
  await using folder = await TempFolder.create();
  const model = await writeInputs(folder);
  await Deno.utime(model.serializedFile!, 0, 0);
  await using opened = await openArchive(await generateModelArchive(model), {
    destination: folder.at("unpacked"),
  });
  ok(opened.manifest.files?.has("weights.bin"));
});

Deno.test("generateModelArchive() lets the later kind win a name, and warns", async () => {
  await using folder = await TempFolder.create();
  const handler = await folder.write("a/handler.ts", "old");
  const other = await folder.write("b/handler.ts", "new");
  const warnings: string[] = [];
  const path = await generateModelArchive(
    {
      bundle: false,
      modelName: "m",
      handler,
      version: "1",
      extraFiles: other,
      exportPath: folder.path,
      archiveFormat: "no-archive",
    },
    { onWarning: (message) => warnings.push(message) },
  );
  strictEqual(await Deno.readTextFile(`${path}/handler.ts`), "new");
  deepStrictEqual(warnings, [`"${other}" takes the place of "${handler}" in the archive`]);
});

Deno.test("generateModelArchive() packs a model folder again without its manifest", async () => {
  await using folder = await TempFolder.create();
  const model = { modelName: "m", handler: "base_handler", version: "1", exportPath: folder.path };
  await folder.write("old/MAR-INF/MANIFEST.json", "{}");
  await folder.write("old/x.txt");
  const warnings: string[] = [];
  const path = await generateModelArchive({ ...model, extraFiles: folder.at("old") }, {
    onWarning: (message) => warnings.push(message),
  });
  await using opened = await openArchive(path, { destination: folder.at("unpacked") });
  deepStrictEqual([...opened.manifest.files!.keys()], ["x.txt"]);
  deepStrictEqual(warnings, [
    `Leaving out "${
      folder.at("old/MAR-INF/MANIFEST.json")
    }": the archive gets a manifest of its own`,
  ]);
});

Deno.test("generateModelArchive() never packs the archive into itself", async () => {
  await using folder = await TempFolder.create();
  await folder.write("x.txt");
  const model = {
    ...{ modelName: "m", handler: "base_handler", version: "1", force: true },
    ...{ exportPath: folder.path, extraFiles: folder.path },
  };
  const first = await Deno.readFile(await generateModelArchive(model));
  const second = await Deno.readFile(await generateModelArchive(model));
  deepStrictEqual(second, first);
});

Deno.test.each(ARCHIVE_FORMATS.map((archiveFormat) => ({ archiveFormat })))(
  "generateModelArchive() refuses a file that changes while it is packed into $archiveFormat",
  async ({ archiveFormat }) => {
    await using folder = await TempFolder.create();
    const model = { ...await writeInputs(folder), archiveFormat };
    const packing = generateModelArchive(model, {
      onProgress: ({ fileName, doneBytes }) => {
        if (fileName !== "weights.bin" || doneBytes > 2 ** 20) return;
        Deno.writeTextFileSync(model.serializedFile!, "more", { append: true });
      },
    });
    await rejects(packing, {
      code: "input_changed",
      message: `Cannot pack "${model.serializedFile}": it changed while it was packed, ` +
        "run the command again",
    });
    deepStrictEqual(await folder.list(), ["src"]);
  },
);

Deno.test("generateModelArchive() leaves nothing behind when it is aborted", async () => {
  for (const archiveFormat of ARCHIVE_FORMATS) {
    await using folder = await TempFolder.create();
    const model = await writeInputs(folder);
    const abort = new AbortController();
    await rejects(
      generateModelArchive({ ...model, archiveFormat }, {
        signal: abort.signal,
        onProgress: ({ fileName }) => {
          if (fileName === "weights.bin") abort.abort(new Error("enough"));
        },
      }),
      { message: "enough" },
    );
    deepStrictEqual(await folder.list(), ["src"], archiveFormat);
  }
});

Deno.test.each([
  { change: { modelName: "a b" }, code: "model_name_invalid" },
  { change: { modelName: "m\n" }, code: "model_name_invalid" },
  { change: { modelName: "" }, code: "model_name_invalid" },
  { change: { modelName: "m.", archiveFormat: "tgz" }, code: "model_name_invalid" },
  { change: { runtime: "node" }, code: "setting_invalid" },
  { change: { archiveFormat: "rar" }, code: "setting_invalid" },
  { change: { serializedFile: "nope.onnx" }, code: "input_not_found" },
  { change: { modelFile: "nope.py" }, code: "input_not_found" },
  { change: { requirementsFile: "nope.txt" }, code: "input_not_found" },
  { change: { configFile: "nope.yaml" }, code: "input_not_found" },
  { change: { extraFiles: "nope.json" }, code: "input_not_found" },
  { change: { handler: "nope" }, code: "input_not_found" },
  { change: { serializedFile: "." }, code: "input_invalid" },
])(
  "generateModelArchive() answers $code for $change and writes nothing",
  async ({ change, code }) => {
    await using folder = await TempFolder.create();
    const model = { ...await writeInputs(folder), ...change } as ModelArchiverConfig;
    await rejects(generateModelArchive(model), { name: "ArchiveError", code });
    deepStrictEqual(await folder.list(), ["src"]);
  },
);

Deno.test("generateModelArchive() refuses a source date epoch that is no whole second", async () => {
  await using folder = await TempFolder.create();
  const model = await writeInputs(folder);
  await rejects(generateModelArchive(model, { sourceDateEpochSec: 1.5 }), {
    code: "setting_invalid",
    message: "Cannot use source date epoch 1.5: it must be a whole number of seconds since 1970",
  });
});
