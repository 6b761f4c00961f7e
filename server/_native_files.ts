import { dirname, join } from "node:path";
import { listPackedFiles, readPackedFile, resolvePackedDir } from "../archiver/reading.ts";
import { openCacheFolder } from "./cache_folder.ts";
import { ConfigError } from "./config/mod.ts";
import { resolvePackagesDir, resolveRuntimePlace } from "./scheduling/mod.ts";

/** Packages with native files, below the folder of packages: a scope stands for all that is in it. */
const NATIVE_PACKAGES = ["onnxruntime-node", "@img"] as const;

const NATIVE_FILE_REGEXP = /\.(node|dll|dylib)$|\.so(\.\d+)*$/;

/** A file below the folder of packages. */
interface NativeFile {
  /** With `/` between folders. */
  readonly path: string;
  readonly sizeBytes: number;
  read(): Promise<Uint8Array>;
}

/**
 * Unpacks the native files of a compiled program, and does nothing in any other.
 *
 * @param cacheDir See {@linkcode unpackNativeFiles}.
 * @returns The folder in which worker threads open them; `undefined` where packages lie on the disk.
 * @throws {ConfigError} If the files cannot be written, or nothing may be loaded from where they are.
 */
export async function prepareNativeFiles(cacheDir: string): Promise<string | undefined> {
  if (!Deno.build.standalone) return undefined;
  const dir = await unpackNativeFiles(resolvePackagesDir(), resolvePackedDir(), cacheDir);
  assertMayLoad(dir);
  return dir;
}

/** Each worker would fail with it, a server that has started would never serve. It takes 2 ms. */
function assertMayLoad(dir: string): void {
  if (Deno.build.os !== "linux") return;
  try {
    Deno.dlopen(join(dir, resolveRuntimePlace(), "libonnxruntime.so.1"), {}).close();
  } catch (error) {
    // The C library's words; with any other failure handlers without an ONNX model can still be served.
    if (!(error as Error).message.includes("failed to map segment")) return;
    throw new ConfigError(
      `Cannot load the native libraries: the system must allow code to be loaded from folder "${dir}", found it mounted with noexec; name another as environment variable MARINA_CACHE_DIR`,
    );
  }
}

/**
 * Puts the native files that a compiled program carries onto the disk, where the system's loader can open
 * them: once, below a folder whose name says which they are; see {@linkcode openCacheFolder}.
 *
 * @param packagesDir The folder of packages inside the program.
 * @param packedDir The folder of those that it carries compressed, by their paths below `packagesDir`.
 * @param cacheDir Kept from one start to the next; it is made, for this user alone, when it is not there.
 * @returns The folder that stands for `packagesDir`: each native file has the same place below it.
 * @throws {ConfigError} If the files cannot be written.
 */
export async function unpackNativeFiles(
  packagesDir: string,
  packedDir: string,
  cacheDir: string,
): Promise<string> {
  const files = await listNativeFiles(packagesDir, packedDir);
  try {
    return await openCacheFolder({
      root: join(cacheDir, "native"),
      // Paths hold the packages' versions, so that these and the sizes tell one set from another.
      contents: files.map(({ path, sizeBytes }) => `${path}\n${sizeBytes}\n`).join(""),
      isWhole: (dir) => hasAll(dir, files),
      async fill(draft) {
        for (const { path, read } of files) {
          const to = join(draft, path);
          await Deno.mkdir(dirname(to), { recursive: true, mode: 0o700 });
          await Deno.writeFile(to, await read(), { mode: 0o700 });
        }
      },
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError(
      `Cannot unpack the native libraries: folder "${cacheDir}" must be writable, found ${reason}; name another as environment variable MARINA_CACHE_DIR`,
    );
  }
}

async function listNativeFiles(packagesDir: string, packedDir: string): Promise<NativeFile[]> {
  const files: NativeFile[] = [];
  for (const { path, sizeBytes } of await listPackedFiles(packedDir)) {
    if (!NATIVE_FILE_REGEXP.test(path)) continue;
    files.push({ path, sizeBytes, read: () => readPackedFile(packedDir, path) });
  }
  for (const name of NATIVE_PACKAGES) await collect(packagesDir, name, files);
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

async function collect(packagesDir: string, name: string, into: NativeFile[]): Promise<void> {
  for await (const entry of Deno.readDir(join(packagesDir, name))) {
    const path = `${name}/${entry.name}`;
    const from = join(packagesDir, path);
    if (entry.isDirectory) await collect(packagesDir, path, into);
    else if (NATIVE_FILE_REGEXP.test(path)) {
      const { size } = await Deno.stat(from);
      into.push({ path, sizeBytes: size, read: () => Deno.readFile(from) });
    }
  }
}

async function hasAll(dir: string, files: readonly NativeFile[]): Promise<boolean> {
  try {
    for (const { path, sizeBytes } of files) {
      if ((await Deno.stat(join(dir, path))).size !== sizeBytes) return false;
    }
    return true;
  } catch {
    return false;
  }
}
