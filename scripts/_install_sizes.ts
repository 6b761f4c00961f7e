/** How much comes over the network, or lies on the disk, in each way to get Marina. */
import { join } from "node:path";
import { ENTRY_MODULES, readModuleGraph, readNpmCacheDir, SOURCE_DIR } from "./compile/compiler.ts";
import { measurePackages } from "./compile/contents.ts";
import { isForeign } from "./compile/left_out.ts";
import { splitPackages } from "./compile/npm_packages.ts";
import { TARGETS } from "./compile/targets.ts";

/** All files of a folder, in bytes. */
export async function measureFiles(dir: string): Promise<number> {
  let sizeBytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    sizeBytes += isDirectory ? await measureFiles(path) : (await Deno.lstat(path)).size;
  }
  return sizeBytes;
}

/** The files of the repository at this commit, in bytes; those of the working tree, as they are. */
export async function measureCheckout(): Promise<number> {
  const { stdout } = await new Deno.Command("git", { args: ["ls-files", "-z"], cwd: SOURCE_DIR })
    .output();
  const paths = new TextDecoder().decode(stdout).split("\0").filter(Boolean);
  const sizes = await Promise.all(
    paths.map((path) => Deno.lstat(join(SOURCE_DIR, path)).then(({ size }) => size, () => 0)),
  );
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** The npm packages that Marina runs with on this machine, unpacked, in bytes. */
export async function measureNpmPackages(): Promise<number> {
  const target = TARGETS.find(({ triple }) => triple === Deno.build.target);
  const { used } = splitPackages(
    await readModuleGraph(ENTRY_MODULES),
    (npmPackage) => target !== undefined && isForeign(npmPackage, target),
  );
  const parts = await measurePackages(used, await readNpmCacheDir(), new Set());
  return parts.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
