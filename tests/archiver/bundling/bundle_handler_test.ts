import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { generateModelArchive, type ModelArchiverConfig } from "../../../archiver/mod.ts";
import { listTree } from "../../support/archive_files.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** The bundler's own timers come and go in the background, whichever test is running. */
const SANITIZE = { sanitizeOps: false, sanitizeResources: false };

const HELP = "interface Named {\n  name: string;\n}\nexport const nameOf = (n: Named) => n.name;\n";

/** A handler of three files, one of them above it. */
async function writeHandler(folder: TempFolder, root = "src"): Promise<ModelArchiverConfig> {
  await folder.write(`${root}/lib/help.ts`, HELP);
  await folder.write(`${root}/h/labels.json`, '["cat"]');
  await folder.write(
    `${root}/h/handler.ts`,
    [
      'import { BaseHandler, type Context } from "marina";',
      'import { nameOf } from "../lib/help.ts";',
      'import labels from "./labels.json" with { type: "json" };',
      "export enum Level { Low, High }",
      "export class H extends BaseHandler {",
      "  fail(_context: Context) { throw new Error(nameOf({ name: labels[0]! })); }",
      "}",
    ].join("\n"),
  );
  return {
    modelName: "m",
    version: "1",
    handler: folder.at(`${root}/h/handler.ts`) + ":H",
    archiveFormat: "no-archive",
    exportPath: folder.at(`${root}/out`),
  };
}

async function readBundle(path: string): Promise<string> {
  return await Deno.readTextFile(`${path}/handler.js`);
}

function readSourceMap(bundle: string): { sources: string[]; sourcesContent?: string[] } {
  const [, base64] = /base64,(.+)\n$/.exec(bundle) ?? [];
  return JSON.parse(atob(base64!));
}

Deno.test(
  "generateModelArchive() makes one module of a handler's files and keeps the sources",
  SANITIZE,
  async () => {
    await using folder = await TempFolder.create();
    const path = await generateModelArchive(await writeHandler(folder));

    deepStrictEqual(await listTree(path), [
      "MAR-INF/MANIFEST.json",
      "MAR-INF/source/h/handler.ts",
      "MAR-INF/source/h/labels.json",
      "MAR-INF/source/lib/help.ts",
      "handler.js",
    ]);
    strictEqual(await Deno.readTextFile(`${path}/MAR-INF/source/lib/help.ts`), HELP);
    const { model } = JSON.parse(await Deno.readTextFile(`${path}/MAR-INF/MANIFEST.json`));
    strictEqual(model.handler, "handler.js:H");
    strictEqual(model.handlerSource, "MAR-INF/source/h/handler.ts");
    const bundle = await readBundle(path);
    ok(!/^\s*import\b/m.test(bundle), "it imports nothing");
    ok(!bundle.includes(folder.path), "no path of this machine");
    const { sources, sourcesContent } = readSourceMap(bundle);
    ok(sources.includes("MAR-INF/source/h/handler.ts"));
    ok(!sources.some((source) => source.includes(folder.path)));
    strictEqual(sourcesContent, undefined);
  },
);

Deno.test("generateModelArchive() bundles to the same bytes in any folder", SANITIZE, async () => {
  await using folder = await TempFolder.create();
  const bundles = [];
  for (const root of ["a", "b/deeper"]) {
    bundles.push(await readBundle(await generateModelArchive(await writeHandler(folder, root))));
  }
  strictEqual(bundles[1], bundles[0]);
});

Deno.test(
  "generateModelArchive() bundles a handler that throws at its TypeScript line",
  SANITIZE,
  async () => {
    await using folder = await TempFolder.create();
    const path = await generateModelArchive(await writeHandler(folder));
    const key = Symbol.for("marina.handlers");
    Object.defineProperty(globalThis, key, {
      value: { BaseHandler: class {} },
      configurable: true,
    });
    try {
      const { H, Level } = await import(`file://${path}/handler.js`);
      strictEqual(Level.High, 1);
      let stack = "";
      try {
        new H().fail();
      } catch (error) {
        stack = (error as Error).stack!;
      }
      match(stack, /^Error: cat\n.*\/m\/MAR-INF\/source\/h\/handler\.ts:6:/);
    } finally {
      Reflect.deleteProperty(globalThis, key);
    }
  },
);

Deno.test(
  "generateModelArchive() bundles packages of node_modules by their exports",
  SANITIZE,
  async () => {
    await using folder = await TempFolder.create();
    const config = await writeHandler(folder);
    const write = (path: string, text: string) => folder.write(`src/node_modules/${path}`, text);
    await write("esm/package.json", '{"name":"esm","version":"2.1.0","exports":{"./x":"./in.js"}}');
    await write("esm/in.js", 'import old from "old"; export const x = old.join("a", "b");');
    await write("old/package.json", '{"name":"old","version":"1.0.0","main":"lib"}');
    await write("old/lib/index.js", 'exports.join = require("path").posix.join;');
    await folder.write(
      "src/h/handler.ts",
      'import { x } from "npm:esm@^2/x";\nexport const handle = () => x;\n',
    );
    const path = await generateModelArchive({ ...config, handler: folder.at("src/h/handler.ts") });
    const { handle } = await import(`file://${path}/handler.js`);
    strictEqual(handle(), "a/b");
    ok(readSourceMap(await readBundle(path)).sources.includes("npm/old@1.0.0/lib/index.js"));
  },
);

Deno.test(
  "generateModelArchive() finds an import among the extra files, as in the archive",
  SANITIZE,
  async () => {
    await using folder = await TempFolder.create();
    await folder.write("shared/help.ts", HELP);
    const handler = await folder.write(
      "h.ts",
      'import { nameOf } from "./help.ts";\nexport const handle = () => nameOf({ name: "x" });\n',
    );
    const model = { modelName: "m", version: "1", handler, exportPath: folder.at("out") };
    const extraFiles = folder.at("shared/help.ts");
    const path = await generateModelArchive({ ...model, extraFiles, archiveFormat: "no-archive" });
    strictEqual((await import(`file://${path}/h.js`)).handle(), "x");
  },
);

Deno.test(
  "generateModelArchive() packs files as they are without bundling, and JavaScript that imports nothing",
  SANITIZE,
  async () => {
    await using folder = await TempFolder.create();
    const config = await writeHandler(folder);
    const plain = await generateModelArchive({ ...config, bundle: false });
    deepStrictEqual(await listTree(plain), ["MAR-INF/MANIFEST.json", "handler.ts"]);
    const handler = await folder.write("one.js", "export const handle = () => [];\n");
    const path = await generateModelArchive({ ...config, modelName: "js", handler });
    deepStrictEqual(await listTree(path), ["MAR-INF/MANIFEST.json", "one.js"]);
  },
);

Deno.test.each([
  {
    text: 'import { x } from "./gone.ts";\nexport const handle = () => x;',
    code: "handler_import_unresolved",
    message: /: it imports "\.\/gone\.ts": the file does not exist \(handler\.ts, line 1\)$/,
  },
  {
    text: '\nimport x from "nobody-says-what";\nexport const handle = () => x;',
    code: "handler_import_unresolved",
    message: /write "npm:nobody-says-what" or add it \(handler\.ts, line 2\)$/,
  },
  {
    text: 'import x from "https://example.com/x.ts";\nexport const handle = () => x;',
    code: "handler_import_unresolved",
    message: /only files and npm packages can be bundled.*line 1\)$/,
  },
  {
    text: "export const handle = () => [];\nconst x: = 1;",
    code: "handler_invalid",
    message: /Unexpected "=" \(handler\.ts, line 2\)$/,
  },
])(
  "generateModelArchive() answers $code with file and line for $text",
  SANITIZE,
  async ({ text, code, message }) => {
    await using folder = await TempFolder.create();
    const config = await writeHandler(folder);
    const handler = await folder.write("src/h/handler.ts", text);
    await rejects(generateModelArchive({ ...config, handler }), { code, message });
    deepStrictEqual(await listTree(folder.at("src/out")), []);
  },
);

Deno.test.each([
  {
    file: "src/h/deno.json",
    code: "input_invalid",
    message:
      /^Cannot read ".*deno\.json", which says what a handler's imports mean: it must be JSON, found invalid end of input at 1:\d+$/,
  },
  {
    file: "src/h/node_modules/left-pad/package.json",
    code: "handler_invalid",
    message: /".*package\.json" must be JSON, found .* \(handler\.ts, line 1\)$/,
  },
])(
  "generateModelArchive() names $file when that is no JSON",
  SANITIZE,
  async ({ file, code, message }) => {
    await using folder = await TempFolder.create();
    const config = await writeHandler(folder);
    await folder.write(file, '{ "imports": {');
    const handler = await folder.write(
      "src/h/handler.ts",
      'import pad from "npm:left-pad@1.3.0";\nexport const handle = pad;\n',
    );
    await rejects(generateModelArchive({ ...config, handler }), { code, message });
  },
);

Deno.test.each([{ root: "src" }, { root: "50% #1 of?all" }])(
  "generateModelArchive() checks types with marina and the handler's own deno.json in $root",
  SANITIZE,
  async ({ root }) => {
    await using folder = await TempFolder.create();
    const config = { ...await writeHandler(folder, root), check: true, bundle: false };
    await folder.write(`${root}/h/deno.json`, '{"imports":{"help":"../lib/help.ts"}}');
    const good = 'import { topK } from "marina";\nimport { nameOf } from "help";\n' +
      'export const handle = () => [topK(new Float32Array([1]), 1), nameOf({ name: "x" })];\n';
    const handler = await folder.write(`${root}/h/handler.ts`, good);
    await generateModelArchive({ ...config, handler });
    await folder.write(`${root}/h/handler.ts`, good.replace('"x"', "1"));
    await rejects(generateModelArchive({ ...config, handler, force: true }), {
      code: "handler_invalid",
      message: /its types do not check\nTS2322[^]*at handler\.ts:3:/,
    });
  },
);
