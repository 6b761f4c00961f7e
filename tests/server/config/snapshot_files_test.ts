import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { findNewestSnapshot } from "../../../server/config/_snapshot_files.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const MODELS = '{ "models": { "noop": { "1.0": { "marName": "noop.mar" } } } }';
const GOOD = `load_models=all\nmodel_snapshot=${MODELS}\n`;
const OLD = "20261120000000000-shutdown.cfg";
const NEW = "20261121000000000-startup.cfg";

Deno.test("findNewestSnapshot() takes the newest file by the time in its name, whatever its kind (§7)", async () => {
  await using folder = await TempFolder.create();
  await folder.write(NEW, GOOD);
  await folder.write(OLD, GOOD);
  await folder.write("20261122000000000-startup.cfg/note", "a folder is no snapshot");
  deepStrictEqual(await findNewestSnapshot(folder.path), {
    path: folder.at(NEW),
    text: GOOD,
    skipped: [],
  });
});

Deno.test("findNewestSnapshot() reads what TorchServe writes: escaped colons, line feeds as two characters (§7, T31)", async () => {
  await using folder = await TempFolder.create();
  const text = "#Saving snapshot\n#Sat Nov 21 02:45:41 UTC 2026\n" +
    "inference_address=http\\://127.0.0.1\\:8080\nload_models=ALL\n" +
    'model_snapshot={\\n  "name"\\: "20261121000000000-startup.cfg",\\n  "modelCount"\\: 1,\\n' +
    '  "created"\\: 1795229141134,\\n  "models"\\: {\\n    "noop"\\: {\\n      "1.11"\\: {\\n' +
    '        "defaultVersion"\\: true,\\n        "marName"\\: "noop.mar"\\n      }\\n    }\\n  }\\n}\n' +
    "tsConfigFile=config.properties\nversion=0.12.0\n";
  await folder.write(NEW, text);
  strictEqual((await findNewestSnapshot(folder.path)).path, folder.at(NEW));
});

Deno.test.each([
  { what: "is empty", text: "" },
  { what: "is cut off before the models", text: "load_models=all\n" },
  { what: "is cut off within the models", text: GOOD.slice(0, -20) },
  { what: "is of a newer server", text: `model_snapshot={"models":{},"marina":{"format":99}}\n` },
  { what: "is something else", text: "\0\u0001ELF" },
])(
  "findNewestSnapshot() takes the file before the one that $what, and says so",
  async ({ text }) => {
    await using folder = await TempFolder.create();
    await folder.write(OLD, GOOD);
    await folder.write(NEW, text);
    const found = await findNewestSnapshot(folder.path);
    strictEqual(found.path, folder.at(OLD));
    strictEqual(found.skipped.length, 1);
    match(
      found.skipped[0]!,
      /^Cannot restore the models of ".*20261121000000000-startup\.cfg": .+/,
    );
    match(found.skipped[0]!, /; an older one is used if there is one$/);
  },
);

Deno.test("findNewestSnapshot() passes over names that are no snapshot's, with which TorchServe crashes (§7)", async () => {
  await using folder = await TempFolder.create();
  await folder.write("notes.cfg", GOOD);
  await folder.write(".snapshot-1.tmp", GOOD);
  await folder.write(OLD, GOOD);
  const found = await findNewestSnapshot(folder.path);
  strictEqual(found.path, folder.at(OLD));
  strictEqual(found.skipped.length, 1);
  match(found.skipped[0]!, /notes\.cfg" as a snapshot: its name must be yyyyMMddHHmmssSSS-/);
});

Deno.test("findNewestSnapshot() finds nothing in a folder that is not there, or of broken files alone", async () => {
  await using folder = await TempFolder.create();
  deepStrictEqual(await findNewestSnapshot(folder.at("none")), { path: undefined, skipped: [] });
  await folder.write(NEW, "");
  const found = await findNewestSnapshot(folder.path);
  deepStrictEqual([found.path, found.skipped.length], [undefined, 1]);
});
