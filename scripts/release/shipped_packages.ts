import { join } from "node:path";
import { isForeign } from "../compile/left_out.ts";
import {
  type ModuleGraph,
  type NpmPackage,
  splitPackages,
  toPackageDir,
} from "../compile/npm_packages.ts";
import type { Target } from "../compile/targets.ts";
import type { SbomPackage } from "./sbom.ts";

/** What of a lock file is used here. */
export interface LockFile {
  readonly npm: Readonly<Record<string, { readonly integrity: string }>>;
}

/** The packages that go into the executable of at least one target, and which the program itself imports. */
export async function listShippedPackages(
  graph: ModuleGraph,
  lock: LockFile,
  targets: readonly Target[],
  npmCacheDir: string,
): Promise<{ readonly packages: SbomPackage[]; readonly direct: string[] }> {
  const used = new Map<string, NpmPackage>();
  for (const target of targets) {
    const parts = splitPackages(graph, (npmPackage) => isForeign(npmPackage, target));
    for (const npmPackage of parts.used) used.set(toName(npmPackage), npmPackage);
  }
  const nameOf = (id: string) => {
    const npmPackage = graph.npmPackages[id];
    return npmPackage === undefined ? [] : [toName(npmPackage)];
  };
  const packages: SbomPackage[] = [];
  for (const [name, npmPackage] of used) {
    const locked = findLocked(lock, name);
    if (locked === undefined) {
      throw new Error(
        `Cannot describe "${name}": the lock file must name it, found no such package`,
      );
    }
    packages.push({
      name: npmPackage.name,
      version: npmPackage.version,
      integrity: locked.integrity,
      dependencies: npmPackage.dependencies.flatMap(nameOf),
      ...await readLicence(toPackageDir(npmPackage, npmCacheDir)),
    });
  }
  const direct = graph.modules.flatMap(({ npmPackage }) => npmPackage ?? []).flatMap(nameOf);
  return { packages, direct: direct.filter((name) => used.has(name)) };
}

/** A package with peers has their versions behind its own: `a@1.0.0_b@2.0.0`. */
function findLocked({ npm }: LockFile, name: string): LockFile["npm"][string] | undefined {
  const key = name in npm ? name : Object.keys(npm).find((key) => key.startsWith(`${name}_`));
  return key === undefined ? undefined : npm[key];
}

function toName({ name, version }: NpmPackage): string {
  return `${name}@${version}`;
}

/** Nothing where the package is for another platform and not fetched, or says no licence. */
async function readLicence(dir: string): Promise<{ licence?: string }> {
  try {
    const text = await Deno.readTextFile(join(dir, "package.json"));
    const { license } = JSON.parse(text) as { license?: unknown };
    return typeof license === "string" ? { licence: license } : {};
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return {};
  }
}
