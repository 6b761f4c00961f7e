import { deepStrictEqual, match, ok, rejects, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundleProgram } from "../../../scripts/compile/bundle_program.ts";
import { TempFolder } from "../../support/temp_folder.ts";

// esbuild's program keeps timers of its own between builds.
const SANITIZE = { sanitizeOps: false, sanitizeResources: false };

const FILES = {
  "deno.json": JSON.stringify({
    version: "1.2.3",
    imports: { "semver": "npm:semver@7.8.6", "sharp": "npm:sharp@0.35.5" },
  }),
  "main.ts": `import config from "./deno.json" with { type: "json" };
import { add } from "./parts/add.ts";
export const version: string = config.version;
export const sum: number = add(1, 2);
export const lazy = async () => (await import("./parts/lazy.ts")).isNewer("2.0.0", "1.0.0");
export const draw = () => import("sharp");
`,
  "parts/add.ts": `export const place = import.meta.url;
export const thread = new URL("./thread.ts", import.meta.url).href;
export function add(a: number, b: number): number {
  return a + b;
}
`,
  "parts/lazy.ts": `import semver from "semver";
export { place, thread } from "./add.ts";
export const isNewer = (a: string, b: string): boolean => semver.gt(a, b);
`,
  "parts/thread.ts": `import { add } from "./add.ts";
postMessage(add(3, 4));
`,
};

async function createProgram(files: Readonly<Record<string, string>>): Promise<TempFolder> {
  const folder = await TempFolder.create();
  await Deno.mkdir(folder.at("parts"));
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(folder.at(name), text);
  }
  return folder;
}

function bundle(folder: TempFolder, entries: readonly string[]): Promise<string[]> {
  return bundleProgram({
    sourceDir: folder.path,
    entries: entries.map((name) => folder.at(name)),
    outputDir: folder.at("out"),
  });
}

async function readAll(dir: string): Promise<Record<string, string>> {
  const texts: Record<string, string> = {};
  const names = [...Deno.readDirSync(dir)].map(({ name }) => name).sort();
  for (const name of names) texts[name] = await Deno.readTextFile(join(dir, name));
  return texts;
}

Deno.test(
  "bundleProgram() makes modules that do what the program's do, packages included",
  SANITIZE,
  async () => {
    await using folder = await createProgram(FILES);
    const [main, thread] = await bundle(folder, ["main.ts", "parts/thread.ts"]);
    strictEqual(main, folder.at("out/main.js"));
    const program = await import(pathToFileURL(main!).href);
    deepStrictEqual([program.version, program.sum, await program.lazy()], ["1.2.3", 3, true]);

    const worker = new Worker(pathToFileURL(thread!), { type: "module" });
    const { promise, resolve } = Promise.withResolvers<MessageEvent>();
    worker.onmessage = resolve;
    strictEqual((await promise).data, 7);
    worker.terminate();
  },
);

Deno.test(
  "bundleProgram() keeps the places of modules, leads threads to theirs, and keeps packages with native files",
  SANITIZE,
  async () => {
    await using folder = await createProgram(FILES);
    const [, thread] = await bundle(folder, ["main.ts", "parts/thread.ts"]);
    strictEqual(thread, folder.at("out/parts-thread.js"));
    const texts = Object.values(await readAll(folder.at("out")));
    const shared = texts.find((text) => text.includes("../parts/add.ts"))!;
    match(shared, /new URL\("\.\.\/parts\/add\.ts",import\.meta\.url\)\.href/);
    match(shared, /new URL\("\.\/parts-thread\.js",import\.meta\.url\)\.href/);
    ok(texts.some((text) => text.includes('import("sharp")')));
  },
);

Deno.test(
  "bundleProgram() makes the same bytes again, without a path of this machine",
  SANITIZE,
  async () => {
    await using folder = await createProgram(FILES);
    await using elsewhere = await createProgram(FILES);
    await bundle(folder, ["main.ts", "parts/thread.ts"]);
    await bundle(elsewhere, ["main.ts", "parts/thread.ts"]);
    const texts = await readAll(folder.at("out"));
    deepStrictEqual(texts, await readAll(elsewhere.at("out")));
    const home = Deno.env.get("HOME") ?? folder.path;
    ok(Object.values(texts).every((text) => !text.includes(folder.path) && !text.includes(home)));
  },
);

Deno.test(
  "bundleProgram() refuses what is loaded by its place and is no entry, and what cannot be found",
  SANITIZE,
  async () => {
    await using folder = await createProgram(FILES);
    await rejects(
      bundle(folder, ["main.ts"]),
      /Cannot bundle the program: .*loads "\.\/thread\.ts" by its place: it must be an entry/,
    );
    await using lacking = await createProgram({ ...FILES, "parts/lazy.ts": `import "./none.ts";` });
    await rejects(
      bundle(lacking, ["main.ts", "parts/thread.ts"]),
      /Cannot bundle the program: "\.\/none\.ts": the file does not exist/,
    );
  },
);
