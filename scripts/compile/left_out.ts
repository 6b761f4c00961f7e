/** What of the packages does not go into a binary. */
import { join } from "node:path";
import type { NpmPackage } from "./npm_packages.ts";
import type { Target } from "./targets.ts";

/** Packages that another imports only where it finds nothing native, or only to install itself. */
const NEVER_USED_REGEXP = /^@(emnapi|scarf|types)\//;

/** sharp's packages, each for one platform. */
const NATIVE_IMAGES_REGEXP = /^@img\/sharp-(?:libvips-)?(.+)$/;

/** Files for people who write code with a package. */
const UNUSED_FILE_REGEXP = /\.(map|d\.[cm]?ts|md|markdown|flow)$/;

/** What the API page shows; the package holds it in other forms, too. */
const API_PAGE_FILES: readonly string[] = [
  "package.json",
  "absolute-path.js",
  "swagger-ui.css",
  "swagger-ui-bundle.js",
];

/** Tells whether a package has nothing that a program on the target could use. */
export function isForeign({ name }: Pick<NpmPackage, "name">, target: Target): boolean {
  if (NEVER_USED_REGEXP.test(name)) return true;
  const images = NATIVE_IMAGES_REGEXP.exec(name);
  return images !== null && images[1] !== `${target.platform}-${target.arch}`;
}

/**
 * The files and folders of one used package that the target does without.
 *
 * @param dir The package's folder.
 * @returns Absolute paths.
 */
export async function listLeftOut(
  { name }: NpmPackage,
  dir: string,
  target: Target,
): Promise<string[]> {
  const leftOut: string[] = [];
  const walk = async (folder: string): Promise<void> => {
    for await (const entry of Deno.readDir(join(dir, folder))) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      if (isLeftOut(name, path, target)) leftOut.push(join(dir, path));
      else if (entry.isDirectory) await walk(path);
    }
  };
  await walk("");
  return leftOut;
}

function isLeftOut(packageName: string, path: string, target: Target): boolean {
  if (UNUSED_FILE_REGEXP.test(path)) return true;
  switch (packageName) {
    case "onnxruntime-node": {
      const native = /^bin\/napi-v\d+\/(\w+)(?:\/(\w+))?$/.exec(path);
      return native !== null &&
        (native[1] !== target.platform || (native[2] ?? target.arch) !== target.arch);
    }
    case "swagger-ui-dist":
      return !API_PAGE_FILES.includes(path);
    case "bintrees":
      return path === "test";
    case "node-forge":
      return path === "dist";
    default:
      return false;
  }
}
