import { deepStrictEqual, match, ok, rejects, strictEqual, throws } from "node:assert/strict";
import { createLockText } from "../../scripts/publish/lock_text.ts";
import { publishSources } from "../../scripts/publish/publish_sources.ts";
import {
  isBareSpecifier,
  listUrlModules,
  rewriteImports,
  rewriteResolveCalls,
} from "../../scripts/publish/rewrite_source.ts";
import { TempFolder } from "../support/temp_folder.ts";

for (
  const [specifier, isBare] of [
    ["hono", true],
    ["@scope/name/sub.js", true],
    ["marina", true],
    ["./a.ts", false],
    ["../a.ts", false],
    ["/a.ts", false],
    ["npm:hono@4.0.0", false],
    ["node:path", false],
    ["https://example.com/a.ts", false],
  ] as const
) {
  Deno.test(`isBareSpecifier() says ${isBare} of "${specifier}"`, () => {
    strictEqual(isBareSpecifier(specifier), isBare);
  });
}

Deno.test("rewriteImports() replaces what the runtime points at, and no text that looks like it", () => {
  const source = 'const a = "yaml";\nimport { parse } from "yaml"; // from "yaml"\n';
  const span = { start: { line: 1, character: 22 }, end: { line: 1, character: 28 } };
  const rewritten = rewriteImports(
    source,
    [{ specifier: "yaml", code: { specifier: "npm:yaml@2.9.1", span } }],
    (specifier) => `npm:${specifier}@2.9.1`,
  );
  strictEqual(
    rewritten,
    'const a = "yaml";\nimport { parse } from "npm:yaml@2.9.1"; // from "yaml"\n',
  );
});

Deno.test("rewriteImports() refuses a place where another specifier stands", () => {
  const span = { start: { line: 0, character: 7 }, end: { line: 0, character: 13 } };
  throws(
    () => rewriteImports('import "hono";', [{ specifier: "yaml", code: { span } }], String),
    { message: 'Cannot replace "yaml": found "hono" at its place' },
  );
});

Deno.test("rewriteResolveCalls() replaces calls in code, not those in comments and strings", () => {
  const call = 'import.meta.resolve("yaml")';
  strictEqual(
    rewriteResolveCalls(`// ${call}\nconst a = '${call}' + ${call};`, (name) => `npm:${name}`),
    `// ${call}\nconst a = '${call}' + import.meta.resolve("npm:yaml");`,
  );
});

Deno.test("rewriteResolveCalls() refuses a specifier that is computed", () => {
  throws(() => rewriteResolveCalls("import.meta.resolve(`yaml/${name}`)", String), {
    message: /^Cannot replace the specifier of "import\.meta\.resolve\(": it must be a literal/,
  });
});

Deno.test("listUrlModules() finds the modules that are loaded by their place", () => {
  const source = 'new Worker(new URL("./worker.ts", import.meta.url));\n// new URL("./no.ts")\n' +
    'new URL("https://example.com/b.ts");';
  deepStrictEqual(listUrlModules(source), ["./worker.ts"]);
});

/** A program of a few modules, with an import map, a thread and an import under each form. */
async function createProgram(): Promise<TempFolder> {
  const folder = await TempFolder.create();
  const config = { name: "p", imports: { marina: "./handlers/mod.ts", yaml: "npm:yaml@2.9.1" } };
  await folder.write("deno.json", JSON.stringify({ ...config, tasks: { a: "b" } }));
  await folder.write("LICENSE", "");
  await folder.write(
    "main.ts",
    'import type { Document } from "yaml";\nimport { parse } from "yaml";\n' +
      'import { a } from "marina";\nexport const b: [typeof parse, number, Document?] = [parse, a];\n' +
      'new URL("./threads/one.ts", import.meta.url);\n',
  );
  await folder.write("handlers/mod.ts", "export const a = 1;\n");
  await folder.write("threads/one.ts", 'import { a } from "marina";\nexport const c = a;\n');
  await folder.write("unused.ts", "");
  return folder;
}

Deno.test("publishSources() copies what the program imports or starts as a thread, without the import map's names", async () => {
  await using folder = await createProgram();
  const outputDir = folder.at("out");
  const paths = await publishSources({ sourceDir: folder.path, outputDir });
  deepStrictEqual(paths, ["LICENSE", "handlers/mod.ts", "main.ts", "threads/one.ts"]);
  const main = await Deno.readTextFile(`${outputDir}/main.ts`);
  ok(main.startsWith(
    'import type { Document } from "npm:yaml@2.9.1";\nimport { parse } from "npm:yaml@2.9.1";\n' +
      'import { a } from "./handlers/mod.ts";\n',
  ));
  match(main, /import\(".\/threads\/one.ts"\)/);
  match(await Deno.readTextFile(`${outputDir}/threads/one.ts`), /from "\.\.\/handlers\/mod\.ts"/);
});

Deno.test("publishSources() refuses an import that deno.json does not name", async () => {
  await using folder = await createProgram();
  await folder.write("handlers/mod.ts", 'import "left-pad";\nexport const a = 1;\n');
  await rejects(
    publishSources({ sourceDir: folder.path, outputDir: folder.at("out") }),
    /left-pad/,
  );
});

Deno.test("publishSources() replaces what it made before, and removes nothing of a folder that holds more", async () => {
  await using folder = await createProgram();
  const options = { sourceDir: folder.path, outputDir: folder.at("out") };
  await publishSources(options);
  await folder.write("out/threads/old.ts", "");
  await publishSources(options);
  deepStrictEqual(await folder.list("out/threads"), ["one.ts"]);
  await folder.write("out/.git/config", "");
  await rejects(
    publishSources(options),
    /Cannot empty ".*out": it must be new or of an earlier run, found "\.git"; name another with --output-dir$/,
  );
  deepStrictEqual((await folder.list("out")).includes("main.ts"), true);
});

Deno.test("createLockText() locks the modules' digests and the packages that they need, no others", async () => {
  await using folder = await TempFolder.create();
  await folder.write("main.ts", 'import "npm:a@1.0.0/sub.js";');
  const integrity = "sha512-x";
  const sourceLock = JSON.stringify({
    version: "5",
    specifiers: { "npm:a@1.0.0": "1.0.0", "npm:unused@1.0.0": "1.0.0" },
    npm: {
      "a@1.0.0": { integrity, dependencies: ["b"], optionalDependencies: ["c@2.0.0"] },
      "b@3.0.0": { integrity },
      "c@2.0.0": { integrity },
      "unused@1.0.0": { integrity },
    },
    workspace: {},
  });
  const lock = JSON.parse(
    await createLockText({
      dir: folder.path,
      paths: ["main.ts", "LICENSE"],
      baseUrl: "https://example.com/1.0",
      sourceLock,
    }),
  );
  deepStrictEqual(Object.keys(lock.npm), ["a@1.0.0", "b@3.0.0", "c@2.0.0"]);
  deepStrictEqual(lock.specifiers, { "npm:a@1.0.0": "1.0.0" });
  deepStrictEqual(lock.remote, {
    // sha256sum of the file.
    "https://example.com/1.0/main.ts":
      "64ba0ca64380e69b1532d8c4de890706c7e3a022ece8a88a1121fde7cd83279d",
  });
});
