import { deepStrictEqual, rejects } from "node:assert/strict";
import fc from "fast-check";
import { collectFiles } from "../../../archiver/packing/collect_files.ts";
import { findPathFault, toCollisionKey } from "../../../archiver/entry_path.ts";
import { listExtraFiles } from "../../../archiver/packing/extra_files.ts";
import { TempFolder } from "../../support/temp_folder.ts";

async function listNames(folder: TempFolder, ...pieces: string[]) {
  const warnings: string[] = [];
  const files = await listExtraFiles(pieces.map((piece) => folder.at(piece)).join(","), {
    outputPath: folder.at("m.mar"),
    onWarning: (message) => warnings.push(message.replaceAll(folder.path, "")),
  });
  return { names: files.map(({ name }) => name), warnings };
}

Deno.test("listExtraFiles() merges sub-folders of the same name", async () => {
  await using folder = await TempFolder.create();
  await folder.write("a/sub/x");
  await folder.write("b/sub/y");
  const { names } = await listNames(folder, "a", "b");
  deepStrictEqual(names, ["sub/x", "sub/y"]);
});

Deno.test("listExtraFiles() takes the children of a folder that a pattern matches", async () => {
  await using folder = await TempFolder.create();
  await folder.write("a/x");
  await folder.write("a.json");
  const { names } = await listNames(folder, "a*");
  deepStrictEqual(names, ["x", "a.json"]);
});

Deno.test("listExtraFiles() takes a pattern that matches nothing for a name, if there is such a file", async () => {
  await using folder = await TempFolder.create();
  await folder.write("labels[1].json");
  deepStrictEqual(await listNames(folder, "labels[1].json", "none*"), {
    names: ["labels[1].json"],
    warnings: ["Given wildcard pattern did not match any file: /none*"],
  });
});

Deno.test("listExtraFiles() leaves out leftovers of a run that was killed", async () => {
  await using folder = await TempFolder.create();
  await folder.write(`a/.m.mar.${crypto.randomUUID()}.marina-tmp`);
  await folder.write("a/x.marina-tmp");
  deepStrictEqual((await listNames(folder, "a")).names, ["x.marina-tmp"]);
});

Deno.test({
  name: "listExtraFiles() follows links, and warns of those that lead nowhere",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await TempFolder.create();
    await folder.write("real/x");
    await folder.write("a/y");
    await Deno.symlink("../real", folder.at("a/linked"));
    await Deno.symlink("nowhere", folder.at("a/dangling"));
    deepStrictEqual(await listNames(folder, "a"), {
      names: ["linked/x", "y"],
      warnings: ['Leaving out "/a/dangling": it is a link that leads nowhere'],
    });
  },
});

Deno.test({
  name: "listExtraFiles() refuses a link to a folder around it",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using folder = await TempFolder.create();
    await Deno.mkdir(folder.at("a/b"), { recursive: true });
    await Deno.symlink("..", folder.at("a/b/up"));
    await rejects(listNames(folder, "a"), {
      code: "input_invalid",
      message: `Cannot pack extra folder "${folder.at("a/b/up")}": ` +
        "it is a link to a folder that holds it",
    });
  },
});

Deno.test.each([
  { paths: ["a/labels.json", "b/Labels.json"], code: "entry_duplicate" },
  { paths: ["a/stra\u00dfe", "b/STRASSE"], code: "entry_duplicate" },
  { paths: ["a/\u00e9", "b/e\u0301"], code: "entry_duplicate" },
  { paths: ["a/x", "b/x/y"], code: "entry_duplicate" },
  { paths: ["a/x/y", "b/X/z"], code: "entry_duplicate" },
  { paths: ["a/back\\slash"], code: "entry_name_invalid" },
  { paths: ["a/nul.txt"], code: "entry_name_invalid" },
  { paths: ["a/dot."], code: "entry_name_invalid" },
])("collectFiles() answers $code for $paths, which readers refuse", async ({ paths, code }) => {
  await using folder = await TempFolder.create();
  for (const path of paths) await folder.write(path);
  const extraFiles = ["a", "b"].map((name) => folder.at(name)).filter((path) =>
    paths.some((other) => folder.at(other).startsWith(path))
  ).join(",");
  const model = { modelName: "m", handler: "base_handler", version: "1", extraFiles };
  await rejects(
    collectFiles(model, { outputPath: folder.at("m.mar"), onWarning: () => {} }),
    { name: "ArchiveError", code },
  );
});

Deno.test("collectFiles() takes exactly the file names that readers take, sorted", async () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 20 })
    .filter((text) => !/[/\0]/.test(text) && text.isWellFormed() && !/^\.+$/.test(text));
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(name, { minLength: 1, maxLength: 8 }), async (names) => {
      await using folder = await TempFolder.create();
      for (const name of names) await folder.write(`in/${name}`);
      const isSound = names.every((name) => findPathFault(name) === undefined) &&
        new Set(names.map(toCollisionKey)).size === names.length;
      const model = {
        ...{ modelName: "m", handler: "base_handler", version: "1" },
        extraFiles: folder.at("in"),
      };
      const collected = collectFiles(model, {
        outputPath: folder.at("m.mar"),
        onWarning: () => {},
      });
      if (!isSound) return await rejects(collected, { name: "ArchiveError" });
      deepStrictEqual((await collected).map((file) => file.name), [...names].sort());
    }),
    { numRuns: 60 },
  );
});
