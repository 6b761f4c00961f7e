/** Which npm packages a program needs, and where they lie. */
import { join } from "node:path";

export interface NpmPackage {
  readonly name: string;
  readonly version: string;
  /** Ids, as the keys of {@linkcode ModuleGraph.npmPackages}. */
  readonly dependencies: readonly string[];
}

/** The folder of a package in the compiler's cache; it may not be there. */
export function toPackageDir({ name, version }: NpmPackage, npmCacheDir: string): string {
  return join(npmCacheDir, "registry.npmjs.org", name, version);
}

/** What `deno info --json` says of a program, as far as it is used here. */
export interface ModuleGraph {
  readonly modules: readonly { readonly npmPackage?: string }[];
  readonly npmPackages: Readonly<Record<string, NpmPackage>>;
}

/**
 * The packages that the program's modules import, and theirs; and all others that the lock file names.
 *
 * @param isForeign True for packages that are no use, whoever imports them.
 */
export function splitPackages(
  graph: ModuleGraph,
  isForeign: (npmPackage: NpmPackage) => boolean,
): { readonly used: NpmPackage[]; readonly unused: NpmPackage[] } {
  const usedIds = new Set<string>();
  const queue = graph.modules.flatMap(({ npmPackage }) => npmPackage ?? []);
  for (let id = queue.pop(); id !== undefined; id = queue.pop()) {
    const npmPackage = graph.npmPackages[id];
    if (npmPackage === undefined || usedIds.has(id) || isForeign(npmPackage)) continue;
    usedIds.add(id);
    queue.push(...npmPackage.dependencies);
  }
  const ids = Object.keys(graph.npmPackages).sort();
  return {
    used: ids.filter((id) => usedIds.has(id)).map((id) => graph.npmPackages[id]!),
    unused: ids.filter((id) => !usedIds.has(id)).map((id) => graph.npmPackages[id]!),
  };
}
