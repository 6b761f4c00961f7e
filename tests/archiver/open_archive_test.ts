import { deepEqual, equal, rejects } from "node:assert/strict";
import { createHash } from "node:crypto";
import { join } from "node:path";
import { openArchive } from "../../archiver/open_archive.ts";
import { assertRefused, listTree, unpackTexts } from "../support/archive_files.ts";
import { buildOnnx, externalTensor, field } from "../support/onnx_builder.ts";
import { buildTgz } from "../support/tar_builder.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { buildZip, type ZipEntryRecipe } from "../support/zip_builder.ts";

const MANIFEST = "MAR-INF/MANIFEST.json";

function withManifest(
  manifest: unknown,
  entries: readonly ZipEntryRecipe[] = [],
): Uint8Array<ArrayBuffer> {
  const data = typeof manifest === "string" ? manifest : JSON.stringify(manifest);
  return buildZip([...entries, { name: MANIFEST, data }]);
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

Deno.test("openArchive() gives manifest, config and folder, and removes them with remove()", async () => {
  await using folder = await TempFolder.create();
  const model = { modelName: "digits", modelVersion: "1.0", configFile: "c.yaml" };
  const zip = withManifest({ runtime: "deno", model }, [{ name: "c.yaml", data: "batchSize: 8" }]);
  const path = await folder.write("a.bin", zip);
  const opened = await openArchive(path, { destination: folder.at("new/unpacked") });
  equal(opened.kind, "zip");
  equal(opened.modelDir, folder.at("new/unpacked"));
  equal(opened.configText, "batchSize: 8");
  deepEqual(opened.manifest, { runtime: "deno", model });
  await opened.remove();
  await opened.remove();
  deepEqual(await listTree(folder.path), ["a.bin", "new"]);
});

Deno.test("openArchive() gives TorchServe's defaults when there is no manifest", async () => {
  await using folder = await TempFolder.create();
  const path = await folder.write("a", buildZip([{ name: "x" }]));
  await using opened = await openArchive(path, { destination: folder.at("unpacked") });
  deepEqual(opened.manifest, { runtime: "python", model: {} });
  equal("configText" in opened, false);
});

Deno.test("openArchive() opens an archive of TorchServe's first years", async () => {
  const manifest = {
    modelServerVersion: "1.0",
    implementationVersion: "1.0",
    specificationVersion: "1.0",
    description: "noop",
    runtime: "python",
    model: { modelName: "noop", modelVersion: 1, handler: "service:handle", extensions: {} },
  };
  await unpackTexts(withManifest(manifest, [{ name: "service.py" }]));
});

Deno.test("openArchive() writes files as 0644, never executable or set-uid", async () => {
  await using folder = await TempFolder.create();
  const zip = buildZip([{ name: "sub/run.sh", data: "#!", mode: 0o106777 }]);
  const path = await folder.write("a.mar", zip);
  await using opened = await openArchive(path, { destination: folder.at("d") });
  const umask = Deno.umask();
  equal((await Deno.stat(join(opened.modelDir, "sub/run.sh"))).mode! & 0o7777, 0o644 & ~umask);
  equal((await Deno.stat(join(opened.modelDir, "sub"))).mode! & 0o7777, 0o755 & ~umask);
});

Deno.test("openArchive() refuses a destination that exists, and leaves it alone", async () => {
  await using folder = await TempFolder.create();
  const path = await folder.write("a.mar", buildZip([{ name: "x" }]));
  const kept = await folder.write("there/kept");
  for (const destination of [folder.at("there"), kept]) {
    await rejects(openArchive(path, { destination }), { code: "destination_exists" });
  }
  deepEqual(await listTree(folder.path), ["a.mar", "there/kept"]);
});

Deno.test.each([
  { what: "nothing", content: "" },
  { what: "a text", content: "hello" },
  { what: "one byte", content: "P" },
])("openArchive() refuses a file with $what in it", async ({ content }) => {
  const code = content === "" ? "archive_truncated" : "archive_format_unknown";
  await assertRefused(new TextEncoder().encode(content), code);
});

Deno.test("openArchive() refuses a path where nothing is", async () => {
  await using folder = await TempFolder.create();
  const file = await folder.write("file");
  for (const path of [folder.at("none.mar"), join(file, "below")]) {
    await rejects(openArchive(path, { destination: folder.at("d") }), {
      code: "archive_not_found",
      message: `Cannot open "${path}": no such file or folder`,
    });
  }
});

Deno.test("openArchive() leaves nothing when it is aborted midway", async () => {
  await using folder = await TempFolder.create();
  const data = new Uint8Array(8_000_000).map((_, i) => i * i);
  const path = await folder.write("a.mar", buildZip([{ name: "a", data }, { name: "b", data }]));
  for (const isStored of [false, true]) {
    await Deno.writeFile(path, buildZip([{ name: "a", data, isStored }]));
    const controller = new AbortController();
    const destination = folder.at("unpacked");
    const opening = openArchive(path, { destination, signal: controller.signal });
    while (!await exists(join(destination, "a"))) await new Promise((r) => setImmediate(r));
    const reason = new Error("stopped");
    controller.abort(reason);
    await rejects(opening, reason);
    deepEqual(await listTree(folder.path), ["a.mar"]);
  }
});

Deno.test("openArchive() refuses to begin when it was aborted before", async () => {
  await rejects(
    openArchive("none", { destination: "none", signal: AbortSignal.abort(new Error("early")) }),
    { message: "early" },
  );
});

Deno.test.each([
  { field: "serializedFile", path: "../../../etc/passwd" },
  { field: "modelFile", path: "/etc/passwd" },
  { field: "configFile", path: "../../../../etc/passwd" },
  { field: "requirementsFile", path: "../requirements.txt" },
  { field: "configFile", path: "C:\\boot.ini" },
  { field: "configFile", path: "a\\..\\..\\x" },
  { field: "handler", path: "../x.py:entry" },
  { field: "handler", path: "../x.py" },
  { field: "handler", path: "/x.ts" },
  { field: "handler", path: "file:///x.ts" },
  { field: "handler", path: "https://host/x.ts" },
  { field: "handler", path: "data:text/typescript,export function handle() {}" },
  { field: "handler", path: "npm:left-pad@1" },
])("openArchive() refuses a manifest whose $field is $path", async ({ field, path }) => {
  const entries = [{ name: "handler.ts" }];
  const zip = withManifest({ model: { [field]: path } }, entries);
  await assertRefused(zip, "manifest_path_outside");
});

Deno.test.each([{ field: "serializedFile" }, { field: "modelFile" }, { field: "configFile" }])(
  "openArchive() refuses a manifest whose $field is not in the archive",
  async ({ field }) => {
    const entries = [{ name: "sub/x" }, { name: "other" }];
    await assertRefused(
      withManifest({ model: { [field]: "x" } }, entries),
      "manifest_file_missing",
    );
    await assertRefused(
      withManifest({ model: { [field]: "sub" } }, entries),
      "manifest_file_missing",
    );
    await unpackTexts(withManifest({ model: { [field]: "sub/x" } }, entries));
    await unpackTexts(withManifest({ model: { [field]: "" } }, entries));
  },
);

Deno.test.each([
  { handler: "image_classifier" },
  { handler: "handler.ts:MyHandler" },
  { handler: "handler:handle" },
  { handler: "pkg.mod" },
  { handler: "sub/handler.py" },
])("openArchive() accepts the handler $handler", async ({ handler }) => {
  await unpackTexts(withManifest({ model: { handler } }));
});

Deno.test.each(
  [
    { what: "of no JSON", manifest: "{", code: "manifest_invalid" },
    { what: "of another type", manifest: "[]", code: "manifest_invalid" },
    { what: "that nests 100,000 deep", manifest: "[".repeat(100_000), code: "manifest_invalid" },
    { what: "over 1 MiB", manifest: `{"a":"${"x".repeat(1 << 20)}"}`, code: "manifest_too_large" },
  ] as const,
)("openArchive() refuses a manifest $what", async ({ manifest, code }) => {
  await assertRefused(withManifest(manifest), code);
});

Deno.test("openArchive() refuses a manifest that is not UTF-8", async () => {
  const data = Uint8Array.of(0x22, 0xff, 0x22);
  await assertRefused(buildZip([{ name: MANIFEST, data }]), "manifest_invalid");
});

Deno.test("openArchive() refuses a config over 1 MiB, or not UTF-8", async () => {
  for (const data of [" ".repeat((1 << 20) + 1), Uint8Array.of(0xff)]) {
    const zip = withManifest({ model: { configFile: "c.yaml" } }, [{ name: "c.yaml", data }]);
    await assertRefused(zip, "config_invalid");
  }
});

const FILES = { a: { size: 5, sha256: sha256("hello") } };

Deno.test("openArchive() proves the manifest's digests, in a zip and in a tar", async () => {
  await unpackTexts(withManifest({ files: FILES }, [{ name: "a", data: "hello" }]));
  const manifest = { name: `m/${MANIFEST}`, data: JSON.stringify({ files: FILES }) };
  await unpackTexts(buildTgz([{ name: "m/a", data: "hello" }, manifest]));
  await assertRefused(
    buildTgz([{ name: "m/a", data: "jello" }, manifest]),
    "entry_digest_mismatch",
  );
});

Deno.test("openArchive() refuses files that are not as the manifest's table says", async () => {
  const a = { name: "a", data: "hello" };
  await assertRefused(
    withManifest({ files: FILES }, [{ ...a, data: "jello" }]),
    "entry_digest_mismatch",
  );
  const longer = { a: { ...FILES.a, size: 6 } };
  await assertRefused(withManifest({ files: longer }, [a]), "entry_digest_mismatch");
  await assertRefused(withManifest({ files: FILES }), "entry_list_mismatch");
  await assertRefused(withManifest({ files: {} }, [a]), "entry_list_mismatch");
});

Deno.test.each([
  { location: "../w.bin" },
  { location: "sub/../../w.bin" },
  { location: "/etc/passwd" },
  { location: "C:/w.bin" },
  { location: "..\\w.bin" },
  { location: "" },
  { location: "*/_ORT_MEM_ADDR_/*" },
])("openArchive() refuses an ONNX model with weights at $location", async ({ location }) => {
  const data = buildOnnx([field(5, externalTensor(location))]);
  const entries = [{ name: "sub/m.ONNX", data }, { name: "w.bin" }, { name: "sub/w.bin" }];
  await assertRefused(buildZip(entries), "onnx_external_data_outside");
});

Deno.test("openArchive() refuses an ONNX model whose weights are not beside it", async () => {
  const data = buildOnnx([field(5, externalTensor("w.bin"))]);
  const model = { name: "sub/m.onnx", data };
  await assertRefused(buildZip([model, { name: "w.bin" }]), "onnx_external_data_missing");
  const found = await unpackTexts(buildZip([model, { name: "sub/w.bin", data: "w" }]));
  equal(found["sub/w.bin"], "w");
});

Deno.test("openArchive() refuses a file named .onnx that is none, wherever it lies", async () => {
  const data = "version https://git-lfs.github.com/spec/v1";
  await assertRefused(buildZip([{ name: "extra/other.onnx", data }]), "onnx_invalid");
});

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
