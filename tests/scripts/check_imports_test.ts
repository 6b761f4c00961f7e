import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type Area, MAY_IMPORT_BY_AREA } from "../../scripts/_import_rules.ts";
import { checkImports } from "../../scripts/check_imports.ts";
import { scanSource } from "../../scripts/scan_source.ts";

/** Writes a small tree, checks it and takes it away again. */
async function checkTree(files: Readonly<Record<string, string>>): Promise<string[]> {
  const root = await mkdtemp(join(tmpdir(), "imports-"));
  try {
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(root, dirname(path)), { recursive: true });
      await writeFile(join(root, path), text);
    }
    return await checkImports(root);
  } finally {
    await rm(root, { recursive: true });
  }
}

/** The sentence's list is long and grows; what matters here is that the area is refused at all. */
function tellAllowed(area: Area): string {
  return `${area} may import ${MAY_IMPORT_BY_AREA[area].join(", ")}`;
}

Deno.test("checkImports() finds nothing in a tree that keeps every rule", async () => {
  const breaches = await checkTree({
    "main.ts": 'await import("./archiver/command.ts"); Deno.exit(Number(Deno.args[0]));',
    "archiver/command.ts": 'import { pack } from "./_pack.ts";',
    "archiver/_pack.ts": 'import yauzl from "yauzl"; export const pack = yauzl;',
    "server/server.ts": 'import { a } from "./http/mod.ts"; import { c } from "./config/mod.ts";',
    "server/config/mod.ts": 'import { parse } from "./_properties.ts";',
    "server/config/_properties.ts": 'import "../errors.ts"; export const parse = 1;',
    "server/command.ts": 'import { flags } from "./_serve_flags.ts";',
    "server/_serve_flags.ts": 'import "./server.ts"; export const flags = 1;',
    "server/http/mod.ts": 'import type { Call } from "../models/mod.ts"; import "../errors.ts";',
    "server/models/mod.ts": 'import { Pool } from "../scheduling/mod.ts";',
    "server/scheduling/mod.ts": 'export { spawn } from "./worker/spawn.ts";',
    "server/scheduling/worker/spawn.ts":
      'import "../protocol.ts"; import "../../../handlers/mod.ts";',
    "server/scheduling/worker_thread.ts": "new Worker(u);",
    "server/scheduling/worker/session.ts": 'import ort from "onnxruntime-node";',
    "tests/archiver/_pack_test.ts": 'import { pack } from "../../archiver/_pack.ts";',
    "examples/mnist/handler.ts": 'import { BaseHandler } from "marina"; console.log(1);',
    "scripts/demo.ts": 'import "../archiver/mod.ts"; console.log(Deno.args); Deno.exit(1);',
  });
  deepStrictEqual(breaches, []);
});

Deno.test.each([
  {
    path: "archiver/a.ts",
    specifier: "../server/mod.ts",
    reason: "archiver may import nothing of ours",
  },
  {
    path: "handlers/a.ts",
    specifier: "../archiver/mod.ts",
    reason: "handlers may import nothing of ours",
  },
  {
    path: "main.ts",
    specifier: "./handlers/mod.ts",
    reason: "main.ts may import archiver, server, server/config",
  },
  {
    path: "main.ts",
    specifier: "./archiver/open_archive.ts",
    reason: "archiver/ is entered through archiver/mod.ts only",
  },
  {
    path: "server/models/a.ts",
    specifier: "../../archiver/open_archive.ts",
    reason: "archiver/ is entered through archiver/mod.ts only",
  },
  {
    path: "server/models/a.ts",
    specifier: "../http/mod.ts",
    reason: tellAllowed("server/models"),
  },
  {
    path: "server/scheduling/worker/a.ts",
    specifier: "../../models/mod.ts",
    reason: tellAllowed("server/scheduling"),
  },
  {
    path: "server/http/a.ts",
    specifier: "../scheduling/mod.ts",
    reason: tellAllowed("server/http"),
  },
  {
    path: "server/http/a.ts",
    specifier: "../models/model_registry.ts",
    reason: "server/models/ is entered through server/models/mod.ts only",
  },
  {
    path: "server/errors.ts",
    specifier: "./server.ts",
    reason: "server/leaf may import nothing of ours",
  },
  {
    path: "scripts/a.ts",
    specifier: "../archiver/open_archive.ts",
    reason: "archiver/ is entered through archiver/mod.ts only",
  },
  {
    path: "archiver/a.ts",
    specifier: "./zip/_crc32.ts",
    reason: "a file with a leading underscore is private to archiver/zip/",
  },
  {
    path: "tests/e2e/a_test.ts",
    specifier: "../../archiver/_crc32.ts",
    reason: "a file with a leading underscore is private to archiver/",
  },
  {
    path: "server/a.ts",
    specifier: "../tests/support/x.ts",
    reason: "a product file must not import tests, scripts or examples",
  },
  {
    path: "server/a.ts",
    specifier: "../../elsewhere.ts",
    reason: "an import must stay inside the repository",
  },
  {
    path: "scripts/a.ts",
    specifier: "npm:hono@4",
    reason: "a dependency must be named once, in the import map of deno.json",
  },
  {
    path: "tests/a_test.ts",
    specifier: "jsr:@std/assert",
    reason: "a dependency must be named once, in the import map of deno.json",
  },
  {
    path: "handlers/a.ts",
    specifier: "marina",
    reason: 'a product file must import by relative path, "marina" is for handler files',
  },
  {
    path: "handlers/a.ts",
    specifier: "onnxruntime-node",
    reason: "its place is one file in server/",
  },
])(
  'checkImports() refuses "$specifier" in $path',
  async ({ path, specifier, reason }) => {
    for (const form of [`import "${specifier}";`, `export {} from '${specifier}';`]) {
      deepStrictEqual(await checkTree({ [path]: `\n${form}` }), [
        `Cannot import "${specifier}" in ${path}, line 2: ${reason}`,
      ]);
    }
    deepStrictEqual((await checkTree({ [path]: `await import("${specifier}")` })).length, 1);
  },
);

Deno.test("checkImports() holds the private files of a leaf to the leaf's rule", async () => {
  const files = {
    "server/errors.ts": 'import { parse } from "./_properties.ts";',
    "server/_properties.ts": 'import "./http/mod.ts";',
  };
  deepStrictEqual(await checkTree(files), [
    'Cannot import "./http/mod.ts" in server/_properties.ts, line 1: server/leaf may import nothing of ours',
  ]);
});

Deno.test.each([
  { name: "Deno.exit", code: "Deno.exit(1)", path: "server/command.ts", place: "main.ts" },
  { name: "Deno.exit", code: "process.exit(1)", path: "archiver/a.ts", place: "main.ts" },
  { name: "Deno.args", code: "f(Deno.args)", path: "archiver/command.ts", place: "main.ts" },
  {
    name: "console.*",
    code: "console.error(1)",
    path: "main.ts",
    place: "nowhere, the product logs through server/logging/",
  },
  {
    name: "new Worker",
    code: "new Worker(u)",
    path: "server/server.ts",
    place: "server/scheduling/worker_thread.ts and archiver/bundling/bundle_in_thread.ts",
  },
])("checkImports() refuses $code in $path", async ({ name, code, path, place }) => {
  deepStrictEqual(await checkTree({ [path]: `\n${code};` }), [
    `Cannot use ${name} in ${path}, line 2: its place is ${place}`,
  ]);
});

Deno.test("checkImports() refuses a second file that imports onnxruntime", async () => {
  const text = 'import ort from "onnxruntime-node";';
  deepStrictEqual(
    await checkTree({ "server/scheduling/a.ts": text, "server/scheduling/b.ts": text }),
    [
      'Cannot import "onnxruntime-node" in server/scheduling/b.ts, line 1: its place is one file in server/, which is server/scheduling/a.ts',
    ],
  );
});

Deno.test("scanSource() takes comments, strings, templates and expressions for what they are", () => {
  const source = [
    '// import "no"; console.log',
    '/** import "no" */ const a = "console.log"; const b = `import "no" ${f(`${"x"}`)} from "no"`;',
    "const c = /['\"`/]\\//.test(a) ? 4 / 2 : a / b;",
    'import { d } from "./yes.ts"; const e = "from";',
  ].join("\n");
  const scanned = scanSource(source);
  deepStrictEqual(scanned.imports, [{ specifier: "./yes.ts", line: 4 }]);
  strictEqual(scanned.code.includes("console"), false);
  strictEqual(scanned.code.length, source.length);
});
