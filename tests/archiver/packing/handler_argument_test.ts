import { deepStrictEqual, rejects } from "node:assert/strict";
import { resolveHandlerArgument } from "../../../archiver/packing/handler_argument.ts";
import type { Runtime } from "../../../archiver/mod.ts";

/** Answers for a disk that holds just these files. */
function diskOf(...paths: string[]): (path: string) => Promise<boolean> {
  return (path) => Promise.resolve(paths.includes(path));
}

const DISK = diskOf(
  "src/handler.py",
  "src/pkg/mod.py",
  "src/t.ts",
  "src/j.js",
  "src/m.mjs",
  "src/both.py",
  "src/both.ts",
  "src/plain",
  "src/native.so",
  "C:\\models\\h.ts",
);

Deno.test.each([
  { argument: "image_classifier", name: "image_classifier", path: undefined, runtime: "deno" },
  { argument: "src/handler.py", name: "handler.py", path: "src/handler.py", runtime: "python" },
  { argument: "src/handler", name: "handler", path: "src/handler.py", runtime: "python" },
  { argument: "src/handler:go", name: "handler:go", path: "src/handler.py", runtime: "python" },
  {
    argument: "src/handler.py:go",
    name: "handler.py:go",
    path: "src/handler.py",
    runtime: "python",
  },
  { argument: "src/pkg/mod:Cls", name: "mod:Cls", path: "src/pkg/mod.py", runtime: "python" },
  { argument: "src/t.ts", name: "t.ts", path: "src/t.ts", runtime: "deno" },
  { argument: "src/t.ts:go", name: "t.ts:go", path: "src/t.ts", runtime: "deno" },
  { argument: "src/j.js", name: "j.js", path: "src/j.js", runtime: "deno" },
  { argument: "src/m.mjs:$go", name: "m.mjs:$go", path: "src/m.mjs", runtime: "deno" },
  { argument: "src/t", name: "t.ts", path: "src/t.ts", runtime: "deno" },
  { argument: "src/j:go", name: "j.js:go", path: "src/j.js", runtime: "deno" },
  { argument: "src/both", name: "both", path: "src/both.py", runtime: "python" },
  { argument: "", name: "", path: undefined, runtime: "python" },
])(
  "resolveHandlerArgument() takes $argument for $path on $runtime when no runtime is given",
  async ({ argument, name, path, runtime }) => {
    deepStrictEqual(await resolveHandlerArgument(argument, undefined, DISK), {
      ...(path === undefined ? {} : { path }),
      manifestName: name,
      runtime,
    });
  },
);

Deno.test.each(
  [
    { argument: "image_classifier", runtime: "python", path: undefined },
    { argument: "image_classifier", runtime: "python3", path: undefined },
    { argument: "src/handler", runtime: "python", path: "src/handler.py" },
    { argument: "src/handler.py", runtime: "python3", path: "src/handler.py" },
    { argument: "BaseHandler", runtime: "LSP", path: undefined },
    { argument: "TorchScriptHandler", runtime: "LSP", path: undefined },
    { argument: "base_handler", runtime: "deno", path: undefined },
  ] satisfies { argument: string; runtime: Runtime; path: string | undefined }[],
)(
  "resolveHandlerArgument() keeps $runtime and takes $argument for $path",
  async ({ argument, runtime, path }) => {
    deepStrictEqual(await resolveHandlerArgument(argument, runtime, DISK), {
      ...(path === undefined ? {} : { path }),
      manifestName: argument.split("/").at(-1),
      runtime,
    });
  },
);

Deno.test({
  name: "resolveHandlerArgument() appends .so for LSP (on Linux)",
  ignore: Deno.build.os !== "linux",
  fn: async () => {
    deepStrictEqual(await resolveHandlerArgument("src/native:go", "LSP", DISK), {
      path: "src/native.so",
      manifestName: "native:go",
      runtime: "LSP",
    });
  },
});

/** All but the last two fail in TorchServe's archiver too. */
Deno.test.each(
  [
    {
      argument: "pkg.mod",
      runtime: "python",
      message: 'Cannot pack handler "pkg.mod": none of these files exists: "pkg.mod.py"',
    },
    {
      argument: "BaseHandler",
      runtime: "python",
      message: 'Cannot pack handler "BaseHandler": none of these files exists: "BaseHandler.py"',
    },
    {
      argument: "src/a.pyx/handler",
      runtime: "python",
      message: 'Cannot pack handler "src/a.pyx/handler": the file does not exist',
    },
    {
      argument: "nope.py",
      runtime: undefined,
      message: 'Cannot pack handler "nope.py": the file does not exist',
    },
    {
      argument: "src/t.ts",
      runtime: "python",
      message: 'Cannot pack handler "src/t.ts": none of these files exists: "src/t.ts.py"',
    },
    {
      argument: "nope.ts:go",
      runtime: undefined,
      message: 'Cannot pack handler "nope.ts:go": none of these files exists: "nope.ts"',
    },
    {
      argument: "nope",
      runtime: undefined,
      message: 'Cannot pack handler "nope": none of these files exists: ' +
        '"nope.py", "nope.ts", "nope.js", "nope.mjs"',
    },
  ] satisfies { argument: string; runtime: Runtime | undefined; message: string }[],
)(
  "resolveHandlerArgument() finds no file for $argument on $runtime, and says what it tried",
  async ({ argument, runtime, message }) => {
    await rejects(resolveHandlerArgument(argument, runtime, DISK), {
      name: "ArchiveError",
      code: "input_not_found",
      message,
    });
  },
);

Deno.test("resolveHandlerArgument() refuses a Python file on the deno runtime", async () => {
  await rejects(resolveHandlerArgument("src/handler.py", "deno", DISK), {
    code: "setting_invalid",
    message: 'Cannot pack handler "src/handler.py": runtime "deno" needs a .ts, .js or .mjs file',
  });
});
