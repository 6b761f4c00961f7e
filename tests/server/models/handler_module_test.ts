import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import {
  assertHandlerModule,
  prepareHandlerModule,
} from "../../../server/models/handler_module.ts";
import { describeError } from "../../../server/scheduling/worker/describe_error.ts";
import { prepareHandler } from "../../../server/scheduling/worker/load_handler.ts";
import type { Context } from "../../../handlers/mod.ts";
import { resolveHandler } from "../../../server/models/handler_source.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** The bundler's own timers come and go in the background, whichever test is running. */
const SANITIZE = {};
const MANIFEST = { runtime: "deno", model: { handler: "h.ts" } };
const CONTEXT = undefined as unknown as Context;

Deno.test(
  "prepareHandlerModule() makes TypeScript of several files loadable where the runtime is not",
  SANITIZE,
  async () => {
    await using folder = await TempFolder.create();
    await folder.write(
      "m/lib/fail.ts",
      "type A = 1;\nexport function fail(_: A) {\n  throw new Error('boom');\n}\n",
    );
    await folder.write(
      "m/h.ts",
      'import { PredictionException } from "marina";\nimport { fail } from "./lib/fail.ts";\n' +
        "enum E { A = 7 }\n" +
        "export function handle(rows: unknown[] | null) {\n" +
        "  if (rows === null) return null;\n" +
        "  if (rows.length > 0) fail(1);\n" +
        "  return [E.A, import.meta.url, new PredictionException('x', 418).name];\n}\n",
    );
    const modelDir = folder.at("m");
    const given = { kind: "file", file: "h.ts" } as const;
    const source = await prepareHandlerModule(given, { modelDir, manifest: MANIFEST }, false);
    const entry = await (await prepareHandler(source, modelDir))();

    const [level, url, name] = await entry.handle([], CONTEXT) as [number, string, string];
    strictEqual(level, 7);
    strictEqual(url, `file://${modelDir}/h.ts`);
    strictEqual(name, "PredictionException");
    let stack = "";
    try {
      await entry.handle([{}], CONTEXT);
    } catch (error) {
      stack = (error as Error).stack!;
    }
    match(stack, new RegExp(`^Error: boom\n[^\n]*file://${modelDir}/lib/fail\\.ts:3:`));
  },
);

Deno.test("prepareHandlerModule() leaves a handler as it is when it is a bundle, plain JavaScript, or the runtime takes it", async () => {
  await using folder = await TempFolder.create();
  await folder.write("h.js", "export const handle = () => 'import';".replace("import", "x"));
  await folder.write("b.js", "import 'marina';");
  const modelDir = folder.path;
  const bundled = { runtime: "deno", model: { handler: "b.js:H", handlerSource: "s.ts" } };
  for (
    const [file, manifest, canImport] of [
      ["h.js", MANIFEST, false],
      ["b.js", bundled, false],
      ["h.ts", MANIFEST, true],
    ] as const
  ) {
    const source = { kind: "file", file } as const;
    strictEqual(await prepareHandlerModule(source, { modelDir, manifest }, canImport), source);
  }
});

Deno.test.each([
  {
    text: 'import x from "npm:left-pad"; console.log(x);',
    message: /"npm:left-pad": an archive must/,
  },
  {
    text: 'import x from "../../secret.ts"; console.log(x);',
    message: /"\.\.\/\.\.\/secret\.ts": an archive/,
  },
  {
    text: 'import x from "/etc/x.ts"; console.log(x);',
    message: /"\/etc\/x\.ts": an archive must/,
  },
  {
    text: "const x: = 1;",
    message: /^Cannot bundle handler "lib\/h\.ts": Unexpected "=" \(h\.ts, line 1\)$/,
  },
])(
  "prepareHandlerModule() makes a worker fail on $text with its file and line, and runs nothing",
  SANITIZE,
  async ({ text, message }) => {
    await using folder = await TempFolder.create();
    await folder.write("secret.ts", "export default 1;");
    await folder.write("m/lib/h.ts", `${text}\nglobalThis.HAS_RUN = true;\n`);
    const modelDir = folder.at("m");
    const source = await prepareHandlerModule(
      { kind: "file", file: "lib/h.ts" },
      { modelDir, manifest: MANIFEST },
      false,
    );
    const importHandler = await prepareHandler(source, modelDir);
    await rejects(importHandler(), (error) => {
      const { message: found, file, line } = describeError(error, modelDir);
      match(found, message);
      deepStrictEqual([file, line], ["lib/h.ts", 1]);
      return true;
    });
    strictEqual("HAS_RUN" in globalThis, false);
  },
);

Deno.test(
  "prepareHandlerModule() leaves an import() that leads nowhere to the handler, which may catch it",
  SANITIZE,
  async () => {
    await using folder = await TempFolder.create();
    await folder.write(
      "h.ts",
      'export const handle = () => import("npm:left-pad").catch((error: Error) => error.message);\n',
    );
    const given = { kind: "file", file: "h.ts" } as const;
    const options = { modelDir: folder.path, manifest: MANIFEST };
    const source = await prepareHandlerModule(given, options, false);
    const entry = await (await prepareHandler(source, folder.path))();
    match(
      String(await entry.handle([], CONTEXT)),
      /^Cannot import "npm:left-pad": an archive must hold all that it imports, pack it with/,
    );
  },
);

Deno.test("resolveHandler() does not mind the packages that a bundle's kept source imports", async () => {
  await using folder = await TempFolder.create();
  await folder.write("h.js", "export const handle = () => [];");
  await folder.write("MAR-INF/source/h.ts", 'import x from "npm:left-pad";');
  strictEqual((await resolveHandler("h.js", folder.path)).source.kind, "file");
});

Deno.test.each([{ canImport: true }, { canImport: false }])(
  "prepareHandlerModule() gives a handler whose folder has #, % and a space in its path, which can import: $canImport",
  SANITIZE,
  async ({ canImport }) => {
    await using folder = await TempFolder.create();
    const modelDir = folder.at("50% #1 of?all");
    await folder.write("50% #1 of?all/x.ts", "export const x: number = 7;\n");
    await folder.write(
      "50% #1 of?all/h.ts",
      'import { x } from "./x.ts";\nexport const handle = (): number => {\n  throw new Error(String(x));\n};\n',
    );
    const given = { kind: "file", file: "h.ts" } as const;
    const source = await prepareHandlerModule(given, { modelDir, manifest: MANIFEST }, canImport);
    const entry = await (await prepareHandler(source, modelDir))();
    const failure = await Promise.try(() => entry.handle([], CONTEXT)).catch((error) =>
      describeError(error, modelDir)
    );
    const { message, file, line } = failure as ReturnType<typeof describeError>;
    deepStrictEqual([message, file, line], ["7", "h.ts", 3]);
  },
);

Deno.test(
  "assertHandlerModule() finds what does not compile or is not there, in every form, and runs nothing",
  SANITIZE,
  async () => {
    await using folder = await TempFolder.create();
    await folder.write("lib/good.ts", "export const x: number = 1;\n");
    await folder.write("lib/bad.ts", "\nexport const x: = 1;\n");
    await folder.write("plain.js", "const handle = () => {;\n");
    await folder.write("bad.ts", 'import { x } from "./lib/bad.ts";\nconsole.log(x);\n');
    await folder.write("missing.ts", 'import { x } from "./lib/none.ts";\nconsole.log(x);\n');
    await folder.write(
      "good.ts",
      'import { x } from "./lib/good.ts";\nglobalThis.HAS_RUN = x;\nexport const handle = () => x;\n',
    );
    const prove = (file: string, canImport: boolean) =>
      assertHandlerModule(
        { kind: "file", file },
        { modelDir: folder.path, manifest: MANIFEST },
        canImport,
      );
    for (const canImport of [true, false]) {
      await prove("good.ts", canImport);
      for (
        const [file, message] of [
          ["plain.js", /^Cannot bundle handler "plain\.js": .* \(plain\.js, line 2\)$/],
          ["bad.ts", /^Cannot bundle handler "bad\.ts": Unexpected "=" \(lib\/bad\.ts, line 2\)$/],
          [
            "missing.ts",
            /"\.\/lib\/none\.ts": the archive has no such file \(missing\.ts, line 1\)$/,
          ],
        ] as const
      ) {
        await rejects(prove(file, canImport), { code: "archive_invalid", message });
      }
    }
    strictEqual("HAS_RUN" in globalThis, false);
  },
);

Deno.test(
  "assertHandlerModule() refuses WebAssembly only where the server would have to bundle it",
  SANITIZE,
  async () => {
    await using folder = await TempFolder.create();
    await folder.write("x.wasm", "");
    await folder.write("h.ts", 'import { run } from "./x.wasm";\nexport const handle = run;\n');
    const prove = (canImport: boolean) =>
      assertHandlerModule(
        { kind: "file", file: "h.ts" },
        { modelDir: folder.path, manifest: MANIFEST },
        canImport,
      );
    await prove(true);
    await rejects(
      prove(false),
      /"x\.wasm" is native code, which cannot be bundled \(h\.ts, line 1\)$/,
    );
  },
);
