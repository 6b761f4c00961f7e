import { exports as resolveExports, imports as resolveImports, legacy } from "resolve.exports";
// @ts-types="@types/semver"
import { maxSatisfying, satisfies, validRange } from "semver";
import { dirname, join } from "node:path";
import type { Project } from "./_project.ts";

/** An `npm:` specifier, or a bare one, in its parts. */
export interface PackageRequest {
  readonly name: string;
  /** A semver range; `*` where none is given. */
  readonly range: string;
  /** `.` or `./sub/path`. */
  readonly subpath: string;
}

/** A package's folder, and what its `package.json` says. */
export interface FoundPackage {
  readonly dir: string;
  readonly manifest: PackageManifest;
}

export interface PackageManifest {
  readonly name: string;
  readonly version: string;
  /** False where a module that nobody uses may be left out. */
  readonly sideEffects?: unknown;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const PACKAGE_REGEXP = /^(?:npm:\/?)?((?:@[\w.-]+\/)?[\w.-]+)(?:@([^/]+))?(\/.*)?$/;
const FILE_ENDINGS = ["", ".js", ".mjs", ".cjs", ".json", "/index.js", "/index.cjs"];

/** Answers undefined for what names no package: `https://…`, `jsr:…`. */
export function parsePackage(specifier: string): PackageRequest | undefined {
  const match = PACKAGE_REGEXP.exec(specifier);
  if (match === null) return undefined;
  const [, name, range, rest] = match;
  return { name: name!, range: range ?? "*", subpath: `.${rest ?? ""}` };
}

/**
 * Finds the folder of a package: in the `node_modules` folders from `fromDir` upwards, else in Deno's cache.
 *
 * A version outside the range is passed over. In the cache a version of the project's `deno.lock` is
 * taken, else the highest in the range.
 *
 * @param cacheDirs One a registry; their packages are `<name>/<version>/`.
 */
export async function findPackage(
  { name, range }: PackageRequest,
  fromDir: string,
  { locked }: Project,
  cacheDirs: readonly string[],
): Promise<FoundPackage | undefined> {
  // A tag such as "latest" is no range: what is there was chosen by it.
  const fits = (version: string) => validRange(range) === null || satisfies(version, range);
  for (let dir = fromDir;; dir = dirname(dir)) {
    const found = await readPackage(join(dir, "node_modules", name));
    if (found && fits(found.manifest.version)) return found;
    if (dirname(dir) === dir) break;
  }
  for (const cacheDir of cacheDirs) {
    const versions = await listVersions(join(cacheDir, name));
    const lockedHere = versions.filter((version) => locked.get(name)?.includes(version));
    const version = maxSatisfying(lockedHere, validRange(range) ?? "*") ??
      maxSatisfying(versions, validRange(range) ?? "*");
    if (version !== null) return await readPackage(join(cacheDir, name, version));
  }
  return undefined;
}

/**
 * The file that a package gives for a subpath, by its `exports`, else its `main`.
 *
 * @param isRequire Whether CommonJS asks.
 * @returns Absolute; undefined if the package has no such file.
 */
export async function resolveInPackage(
  { dir, manifest }: FoundPackage,
  subpath: string,
  isRequire: boolean,
): Promise<string | undefined> {
  const options = { unsafe: true, conditions: ["deno", "node", isRequire ? "require" : "import"] };
  if ("exports" in manifest) {
    try {
      const [target] = resolveExports(manifest, subpath, options) ?? [];
      return target === undefined ? undefined : await probeFile(join(dir, target));
    } catch {
      return undefined;
    }
  }
  if (subpath !== ".") return await probeFile(join(dir, subpath));
  const main = legacy(manifest, { browser: false, fields: ["main"] });
  return await probeFile(join(dir, typeof main === "string" ? main : "index.js")) ??
    await probeFile(join(dir, "index.js"));
}

/** What `#name` means inside a package. */
export function resolveInternal(
  { manifest }: FoundPackage,
  specifier: string,
  isRequire: boolean,
): string | undefined {
  const conditions = ["deno", "node", isRequire ? "require" : "import"];
  try {
    return resolveImports(manifest, specifier, { unsafe: true, conditions })?.[0];
  } catch {
    return undefined;
  }
}

/** The file at a path as Node finds it: as it is, with an ending, or the folder's index. */
export async function probeFile(path: string): Promise<string | undefined> {
  for (const ending of FILE_ENDINGS) {
    if ((await Deno.stat(path + ending).catch(() => undefined))?.isFile) return path + ending;
  }
  return undefined;
}

async function readPackage(dir: string): Promise<FoundPackage | undefined> {
  const path = join(dir, "package.json");
  const text = await Deno.readTextFile(path).catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return { dir, manifest: JSON.parse(text) as PackageManifest };
  } catch (cause) {
    throw new Error(`"${path}" must be JSON, found ${(cause as Error).message}`, { cause });
  }
}

async function listVersions(dir: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(dir)) if (isDirectory) names.push(name);
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  return names.filter((name) => /^\d/.test(name)).sort();
}
