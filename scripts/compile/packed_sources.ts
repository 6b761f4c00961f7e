/** Which files of the packages go into a binary compressed. */
import { join, relative } from "node:path";
import { type NpmPackage, toPackageDir } from "./npm_packages.ts";

/** What a native addon loads; the addon itself stays, since the runtime looks for it where its package is. */
const LIBRARY_REGEXP = /\.(dll|dylib)$|\.so(\.\d+)*$/;

/** The bundler's program, which the archiver asks for by this name alone. */
const BUNDLER_REGEXP = /[\\/]esbuild-wasm[\\/][^\\/]+[\\/](esbuild\.wasm)$/;

/**
 * The files to compress, with the path that each has in the binary.
 *
 * @param leftOut What does not go into the binary at all; absolute paths.
 */
export async function listPackedSources(
  packages: readonly NpmPackage[],
  npmCacheDir: string,
  leftOut: ReadonlySet<string>,
): Promise<ReadonlyMap<string, string>> {
  const root = toPackageDir({ name: "", version: "", dependencies: [] }, npmCacheDir);
  const sources = new Map<string, string>();
  const walk = async (dir: string): Promise<void> => {
    for await (const { name, isDirectory } of Deno.readDir(dir)) {
      const source = join(dir, name);
      if (leftOut.has(source)) continue;
      if (isDirectory) {
        await walk(source);
        continue;
      }
      const bundler = BUNDLER_REGEXP.exec(source)?.[1];
      if (bundler !== undefined) sources.set(bundler, source);
      else if (LIBRARY_REGEXP.test(name)) {
        sources.set(relative(root, source).replaceAll("\\", "/"), source);
      }
    }
  };
  for (const npmPackage of packages) await walk(toPackageDir(npmPackage, npmCacheDir));
  return sources;
}
