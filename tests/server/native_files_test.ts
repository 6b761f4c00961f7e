import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { dirname, join } from "node:path";
import { unpackNativeFiles } from "../../server/_native_files.ts";

const FILES = {
  "onnxruntime-node/1.30.0/bin/napi-v6/linux/x64/onnxruntime_binding.node": "binding",
  "onnxruntime-node/1.30.0/bin/napi-v6/linux/x64/libonnxruntime.so.1": "runtime",
  "onnxruntime-node/1.30.0/dist/index.js": "no native file",
  "@img/sharp-libvips-linux-x64/1.3.4/lib/libvips-cpp.so.8.18.7": "images",
};
const NATIVE_PATHS = Object.keys(FILES).filter((path) => !path.endsWith(".js")).sort();

/** Packages, and the parent of a cache folder that nobody has made. */
async function createFolders(): Promise<AsyncDisposable & { packages: string; cache: string }> {
  const root = await Deno.makeTempDir();
  for (const [path, text] of Object.entries(FILES)) await write(join(root, "packages", path), text);
  return {
    packages: join(root, "packages"),
    cache: join(root, "of", "mine"),
    [Symbol.asyncDispose]: () => Deno.remove(root, { recursive: true }),
  };
}

async function write(path: string, text: string): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeTextFile(path, text);
}

async function readAll(dir: string): Promise<string[]> {
  return await Promise.all(NATIVE_PATHS.map((path) => Deno.readTextFile(join(dir, path))));
}

const NATIVE_TEXTS = ["images", "runtime", "binding"];

Deno.test("unpackNativeFiles() writes native files and nothing else, in their places", async () => {
  await using folders = await createFolders();
  const dir = await unpackNativeFiles(folders.packages, folders.cache);
  deepStrictEqual(await readAll(dir), NATIVE_TEXTS);
  await rejects(Deno.stat(join(dir, "onnxruntime-node/1.30.0/dist")), Deno.errors.NotFound);
  match(dir, /[\\/]native[\\/][0-9a-f]{16}$/);
});

Deno.test("unpackNativeFiles() writes once, and again when a file has been cut off", async () => {
  await using folders = await createFolders();
  const dir = await unpackNativeFiles(folders.packages, folders.cache);
  const path = join(dir, NATIVE_PATHS[1]!);
  const { mtime } = await Deno.stat(path);
  strictEqual(await unpackNativeFiles(folders.packages, folders.cache), dir);
  deepStrictEqual((await Deno.stat(path)).mtime, mtime);

  await Deno.writeTextFile(path, "cut");
  strictEqual(await unpackNativeFiles(folders.packages, folders.cache), dir);
  deepStrictEqual(await readAll(dir), NATIVE_TEXTS);
});

Deno.test("unpackNativeFiles() gives programs that start together one whole folder, and leaves no draft", async () => {
  await using folders = await createFolders();
  const { packages, cache } = folders;
  const dirs = await Promise.all(
    Array.from({ length: 8 }, () => unpackNativeFiles(packages, cache)),
  );
  strictEqual(new Set(dirs).size, 1);
  deepStrictEqual(await readAll(dirs[0]!), NATIVE_TEXTS);
  strictEqual([...Deno.readDirSync(join(cache, "native"))].length, 1);
});

Deno.test("unpackNativeFiles() keeps sets of other versions apart", async () => {
  await using folders = await createFolders();
  const dir = await unpackNativeFiles(folders.packages, folders.cache);
  await write(join(folders.packages, "@img/sharp-linux-x64/0.36.0/sharp.node"), "newer");
  const next = await unpackNativeFiles(folders.packages, folders.cache);
  strictEqual(next === dir, false);
  deepStrictEqual(await readAll(dir), NATIVE_TEXTS);
});

Deno.test("unpackNativeFiles() says which folder cannot be written, and which variable names another", async () => {
  await using folders = await createFolders();
  await write(folders.cache, "a file in the folder's place");
  await rejects(
    unpackNativeFiles(folders.packages, folders.cache),
    /Cannot unpack the native libraries: folder ".*mine" must be writable, found .*MARINA_CACHE_DIR$/,
  );
});
