import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { dirname, join } from "node:path";
import { writePackedFiles } from "../../archiver/mod.ts";
import { unpackNativeFiles } from "../../server/_native_files.ts";

const FILES = {
  "onnxruntime-node/1.30.0/bin/napi-v6/linux/x64/onnxruntime_binding.node": "binding",
  "onnxruntime-node/1.30.0/bin/napi-v6/linux/x64/libonnxruntime.so.1": "runtime",
  "onnxruntime-node/1.30.0/dist/index.js": "no native file",
  "@img/sharp-libvips-linux-x64/1.3.4/lib/libvips-cpp.so.8.18.7": "images",
};
const NATIVE_PATHS = Object.keys(FILES).filter((path) => !path.endsWith(".js")).sort();

interface Folders extends AsyncDisposable {
  readonly packages: string;
  readonly packed: string;
  /** Its parent is not there. */
  readonly cache: string;
  unpack(): Promise<string>;
}

/** A program's packages, of which the libraries and a file that is no library are packed. */
async function createFolders(): Promise<Folders> {
  const root = await Deno.makeTempDir();
  const [packages, packed] = [join(root, "packages"), join(root, "packed")];
  const cache = join(root, "of", "mine");
  const large = new Map([["bundler.wasm", join(root, "large", "bundler.wasm")]]);
  await write(large.get("bundler.wasm")!, "no native file");
  for (const [path, text] of Object.entries(FILES)) {
    const isLibrary = path.includes(".so");
    const file = join(root, isLibrary ? "large" : "packages", path);
    if (isLibrary) large.set(path, file);
    await write(file, text);
  }
  await write(join(packages, "@img/sharp-libvips-linux-x64/1.3.4/package.json"), "{}");
  await writePackedFiles(packed, large);
  return {
    packages,
    packed,
    cache,
    unpack: () => unpackNativeFiles(packages, packed, cache),
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
  const dir = await folders.unpack();
  deepStrictEqual(await readAll(dir), NATIVE_TEXTS);
  for (const path of ["onnxruntime-node/1.30.0/dist", "bundler.wasm"]) {
    await rejects(Deno.stat(join(dir, path)), Deno.errors.NotFound);
  }
  match(dir, /[\\/]native[\\/][0-9a-f]{16}$/);
});

Deno.test("unpackNativeFiles() writes once, and again when a file has been cut off", async () => {
  await using folders = await createFolders();
  const dir = await folders.unpack();
  const path = join(dir, NATIVE_PATHS[1]!);
  const { mtime } = await Deno.stat(path);
  strictEqual(await folders.unpack(), dir);
  deepStrictEqual((await Deno.stat(path)).mtime, mtime);

  await Deno.writeTextFile(path, "cut");
  strictEqual(await folders.unpack(), dir);
  deepStrictEqual(await readAll(dir), NATIVE_TEXTS);
});

Deno.test("unpackNativeFiles() gives programs that start together one whole folder, and leaves no draft", async () => {
  await using folders = await createFolders();
  const dirs = await Promise.all(
    Array.from({ length: 8 }, () => folders.unpack()),
  );
  strictEqual(new Set(dirs).size, 1);
  deepStrictEqual(await readAll(dirs[0]!), NATIVE_TEXTS);
  strictEqual([...Deno.readDirSync(join(folders.cache, "native"))].length, 1);
});

Deno.test("unpackNativeFiles() keeps sets of other versions apart", async () => {
  await using folders = await createFolders();
  const dir = await folders.unpack();
  await write(join(folders.packages, "@img/sharp-linux-x64/0.36.0/sharp.node"), "newer");
  const next = await folders.unpack();
  strictEqual(next === dir, false);
  deepStrictEqual(await readAll(dir), NATIVE_TEXTS);
});

Deno.test("unpackNativeFiles() says which folder cannot be written, and which variable names another", async () => {
  await using folders = await createFolders();
  await write(folders.cache, "a file in the folder's place");
  await rejects(
    folders.unpack(),
    /Cannot unpack the native libraries: folder ".*mine" must be writable, found .*MARINA_CACHE_DIR$/,
  );
});
