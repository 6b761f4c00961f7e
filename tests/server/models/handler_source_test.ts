import { deepStrictEqual, rejects } from "node:assert/strict";
import { resolveHandler } from "../../../server/models/handler_source.ts";

async function withFolder(
  files: Readonly<Record<string, string>>,
  body: (dir: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "marina-handler-" });
  try {
    for (const [name, text] of Object.entries(files)) {
      await Deno.writeTextFile(`${dir}/${name}`, text);
    }
    await body(dir);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

Deno.test.each([
  {
    handler: "h.ts",
    files: { "h.ts": "" },
    source: { kind: "file", file: "h.ts", entryName: undefined },
  },
  {
    handler: "h.ts:run",
    files: { "h.ts": "" },
    source: { kind: "file", file: "h.ts", entryName: "run" },
  },
  {
    handler: "h:Cls",
    files: { "h.mjs": "" },
    source: { kind: "file", file: "h.mjs", entryName: "Cls" },
  },
  {
    handler: "h",
    files: { "h.ts": "", "h.js": "" },
    source: { kind: "file", file: "h.ts", entryName: undefined },
  },
  { handler: "base_handler", files: {}, source: { kind: "built_in", name: "base_handler" } },
  {
    handler: "image_classifier",
    files: { "image_classifier.ts": "" },
    source: { kind: "file", file: "image_classifier.ts", entryName: undefined },
  },
])("resolveHandler() finds $handler beside $files", async ({ handler, files, source }) => {
  await withFolder(files as unknown as Record<string, string>, async (dir) => {
    deepStrictEqual((await resolveHandler(handler, dir)).source, source);
  });
});

Deno.test("resolveHandler() loads the image decoder for handlers that use it, and for no others", async () => {
  const uses = 'import { decodeImage } from "marina";';
  await withFolder({ "h.ts": 'import "./tools.ts";', "tools.ts": uses }, async (dir) => {
    deepStrictEqual((await resolveHandler("h.ts", dir)).needsImages, true);
  });
  await withFolder({ "h.ts": "export function handle() {}" }, async (dir) => {
    deepStrictEqual((await resolveHandler("h.ts", dir)).needsImages, false);
    deepStrictEqual((await resolveHandler("image_classifier", dir)).needsImages, true);
  });
});

Deno.test.each([
  { handler: undefined, message: /names no handler/ },
  { handler: "h.py", message: /Python and C\+\+ handlers do not run here/ },
  {
    handler: "missing.ts",
    message: /no such module, and the built-in handlers are "base_handler"/,
  },
  { handler: "object_detector", message: /built-in handlers are/ },
  { handler: "long".repeat(64), message: /no such module/ },
  { handler: "../h.ts", message: /leaves the archive/ },
  { handler: "/etc/h.ts", message: /leaves the archive/ },
  { handler: "https://example.com/h.ts", message: /no such module/ },
  { handler: "npm:left-pad", message: /no such module/ },
])("resolveHandler() refuses $handler", async ({ handler, message }) => {
  await withFolder({ "h.py": "" }, async (dir) => {
    await rejects(resolveHandler(handler, dir), { code: "archive_invalid", message });
  });
});

Deno.test.each([
  { text: 'import pad from "npm:left-pad@1.3.0";' },
  { text: "import {\n  a,\n  b,\n} from 'https://example.com/x.ts';" },
  { text: 'export * from "jsr:@std/path";' },
  { text: 'import "http://example.com/x.ts";' },
  { text: 'const x = await import( "data:text/javascript,1" );' },
  { text: 'import data from "file:///etc/passwd";' },
])(
  "resolveHandler() refuses a module with $text, which the runtime would fetch",
  async ({ text }) => {
    await withFolder({ "h.ts": 'import "./tool.ts";', "tool.ts": text }, async (dir) => {
      await rejects(resolveHandler("h.ts", dir), {
        code: "archive_invalid",
        message: /^Cannot use handler module "tool.ts": it imports "/,
      });
    });
  },
);

Deno.test("resolveHandler() takes imports from the archive, the runtime and marina, and comments on others", async () => {
  const text = [
    "// import pad from 'npm:left-pad';",
    " * import pad from 'npm:left-pad';",
    'import { join } from "node:path";',
    'import { BaseHandler } from "marina";',
    'import { help } from "./help.ts";',
    'const url = "https://example.com";',
  ].join("\n");
  await withFolder({ "h.ts": text, "help.ts": "" }, async (dir) => {
    deepStrictEqual((await resolveHandler("h.ts", dir)).needsImages, false);
  });
});
