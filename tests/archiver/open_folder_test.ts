import { deepEqual, equal, rejects } from "node:assert/strict";
import { openArchive } from "../../archiver/open_archive.ts";
import { listTree } from "../support/archive_files.ts";
import { buildOnnx, externalTensor, field } from "../support/onnx_builder.ts";
import { TempFolder } from "../support/temp_folder.ts";

const MANIFEST = "MAR-INF/MANIFEST.json";

Deno.test("openArchive() serves a folder where it lies, and removes nothing", async () => {
  await using folder = await TempFolder.create();
  await folder.write(`m/${MANIFEST}`, '{"model": {"modelName": "m", "configFile": "c.yaml"}}');
  await folder.write("m/c.yaml", "batchSize: 2");
  const destination = folder.at("unused");
  {
    await using opened = await openArchive(folder.at("m"), { destination });
    equal(opened.kind, "folder");
    equal(opened.modelDir, folder.at("m"));
    equal(opened.manifest.model.modelName, "m");
    equal(opened.configText, "batchSize: 2");
  }
  deepEqual(await listTree(folder.path), [`m/${MANIFEST}`, "m/c.yaml"]);
});

Deno.test("openArchive() takes a folder's only child for the model, unless it is MAR-INF", async () => {
  await using folder = await TempFolder.create();
  const destination = folder.at("unused");
  await folder.write(`nested/m/${MANIFEST}`, '{"model": {"modelName": "inner"}}');
  await folder.write(`bare/${MANIFEST}`, '{"model": {"modelName": "bare"}}');
  await folder.write("file/only");
  const modelDirs = [];
  for (const path of ["nested", "bare", "file"]) {
    await using opened = await openArchive(folder.at(path), { destination });
    modelDirs.push([opened.modelDir, opened.manifest.model.modelName]);
  }
  deepEqual(modelDirs, [
    [folder.at("nested/m"), "inner"],
    [folder.at("bare"), "bare"],
    [folder.at("file"), undefined],
  ]);
});

Deno.test.each([
  { what: "a link to a file", target: "/etc/passwd" },
  { what: "a link to a folder", target: "/etc" },
  { what: "a link inside", target: "handler.ts" },
  { what: "a broken link", target: "nowhere" },
])("openArchive() refuses a folder with $what", async ({ target }) => {
  await using folder = await TempFolder.create();
  await folder.write("m/sub/handler.ts");
  await Deno.symlink(target, folder.at("m/sub/link"));
  await rejects(
    openArchive(folder.at("m"), { destination: folder.at("unused") }),
    { name: "ArchiveError", code: "entry_type_refused" },
  );
});

Deno.test("openArchive() refuses a folder whose only child is a link to the model", async () => {
  await using folder = await TempFolder.create();
  await folder.write("real/handler.ts");
  await Deno.mkdir(folder.at("m"));
  await Deno.symlink(folder.at("real"), folder.at("m/link"));
  await rejects(
    openArchive(folder.at("m"), { destination: folder.at("unused") }),
    { code: "entry_type_refused" },
  );
});

Deno.test("openArchive() refuses a folder with a pipe", {
  ignore: Deno.build.os === "windows",
}, async () => {
  await using folder = await TempFolder.create();
  await folder.write("m/handler.ts");
  await new Deno.Command("mkfifo", { args: [folder.at("m/pipe")] }).output();
  await rejects(
    openArchive(folder.at("m"), { destination: folder.at("unused") }),
    { code: "entry_type_refused" },
  );
});

Deno.test("openArchive() refuses a folder with names that differ in case", {
  ignore: Deno.build.os !== "linux",
}, async () => {
  await using folder = await TempFolder.create();
  await folder.write("m/handler.ts");
  await folder.write("m/Handler.ts");
  await rejects(
    openArchive(folder.at("m"), { destination: folder.at("unused") }),
    { code: "entry_duplicate" },
  );
});

Deno.test("openArchive() refuses a folder whose manifest or model leads out of it", async () => {
  await using folder = await TempFolder.create();
  const destination = folder.at("unused");
  await folder.write("secret", "key: 1");
  await folder.write(`a/${MANIFEST}`, '{"model": {"configFile": "../secret"}}');
  await rejects(openArchive(folder.at("a"), { destination }), { code: "manifest_path_outside" });
  await folder.write("b/handler.ts");
  await folder.write("b/m.onnx", buildOnnx([field(5, externalTensor("../secret"))]));
  await rejects(openArchive(folder.at("b"), { destination }), {
    code: "onnx_external_data_outside",
  });
});

Deno.test("openArchive() refuses a folder of more entries than the limit", async () => {
  await using folder = await TempFolder.create();
  for (const name of ["a", "b", "c"]) await folder.write(`m/${name}`);
  await rejects(
    openArchive(folder.at("m"), { destination: folder.at("unused"), maxEntries: 2 }),
    { code: "too_many_entries" },
  );
});
