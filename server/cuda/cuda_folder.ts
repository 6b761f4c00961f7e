import { basename, dirname, join } from "node:path";
import { openCacheFolder } from "../cache_folder.ts";
import type { CudaSearch } from "./find_cuda.ts";

const NATIVE_FILE_REGEXP = /\.node$|\.so(\.\d+)*$/;

export interface CudaFolderOptions {
  /** The folder of packages, or what stands for it on the disk; absolute. */
  readonly packagesDir: string;
  /** Where onnxruntime's own native files are, below `packagesDir`. */
  readonly runtimeDir: string;
  /** Other packages with native files, as names below `packagesDir`; those that are not there are left out. */
  readonly nativePackages: readonly string[];
  /** Kept from one start to the next. */
  readonly cacheDir: string;
}

/** A folder that stands for the packages and has CUDA's libraries beside onnxruntime's own. */
export interface CudaFolder {
  readonly nativeDir: string;
  /** Absolute paths, to be opened in this order before the runtime: the loader finds them by their names then. */
  readonly preload: readonly string[];
}

/**
 * Lays a folder of links out in which the runtime finds its CUDA provider: it looks for one only beside its
 * own library. Libraries that the loader would not find by itself are linked there, too, with all that lies
 * beside them: some open their neighbours by name.
 *
 * The folder's name says which links are in it, so that it is made once; programs that start at the same
 * time do not disturb each other.
 *
 * @param search Without anything missing.
 */
export async function prepareCudaFolder(
  search: CudaSearch,
  options: CudaFolderOptions,
): Promise<CudaFolder> {
  const { packagesDir, runtimeDir, cacheDir } = options;
  const runtimePlace = runtimeDir.slice(packagesDir.length + 1);
  const links = new Map<string, string>();
  for (const name of options.nativePackages) {
    const path = join(packagesDir, name);
    if (runtimePlace.startsWith(`${name}/`) || !await isThere(path)) continue;
    links.set(name, path);
  }
  const own = search.libraries.filter(({ isOnLoaderPath }) => !isOnLoaderPath);
  for (const dir of [...new Set(own.map(({ path }) => dirname(path))), runtimeDir]) {
    for (const path of await listNativeFiles(dir)) {
      links.set(join(runtimePlace, basename(path)), path);
    }
  }
  for (const { name, path } of [...own, ...search.providers]) {
    links.set(join(runtimePlace, name), path);
  }
  const nativeDir = await openCacheFolder({
    root: join(cacheDir, "cuda"),
    contents: [...links].map(([place, target]) => `${place}\n${target}\n`).sort().join(""),
    isWhole: isThere,
    async fill(draft) {
      for (const [place, target] of links) {
        const path = join(draft, place);
        await Deno.mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await Deno.symlink(target, path);
      }
    },
  });
  const preload = own.map(({ name }) => join(nativeDir, runtimePlace, name));
  return { nativeDir, preload };
}

async function listNativeFiles(dir: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    if (!isDirectory && NATIVE_FILE_REGEXP.test(name)) paths.push(join(dir, name));
  }
  return paths;
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
