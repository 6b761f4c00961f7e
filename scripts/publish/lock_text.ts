import { join } from "node:path";

/** A `deno.lock` of version 5, as far as it is used here. */
interface Lock {
  readonly version: string;
  /** From what is asked for to the version that it means. */
  readonly specifiers: Readonly<Record<string, string>>;
  /** By `name@version`. */
  readonly npm: Readonly<Record<string, LockedPackage>>;
}

interface LockedPackage {
  readonly integrity: string;
  /** Names, with their version where several are there. */
  readonly dependencies?: readonly string[];
  readonly optionalDependencies?: readonly string[];
}

export interface LockTextOptions {
  /** The folder of the published modules. */
  readonly dir: string;
  /** Relative to `dir`. */
  readonly paths: readonly string[];
  /** Where the modules will be served from. */
  readonly baseUrl: string;
  /** The text of the `deno.lock` that the sources are tested with. */
  readonly sourceLock: string;
}

const PACKAGE_REGEXP = /["']npm:((?:@[\w.-]+\/)?[\w.-]+@[\w.-]+)/g;

/**
 * Makes the lock file for one address: the digest of each module, and of each npm package down to those that
 * only packages ask for, in the versions that the sources are tested with.
 */
export async function createLockText(options: LockTextOptions): Promise<string> {
  const { dir, paths, sourceLock } = options;
  const baseUrl = options.baseUrl.replace(/\/*$/, "/");
  const lock = JSON.parse(sourceLock) as Lock;
  const remote: Record<string, string> = {};
  const asked = new Set<string>();
  for (const path of paths.filter((path) => /\.(ts|json)$/.test(path)).toSorted()) {
    const bytes = await Deno.readFile(join(dir, path));
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    remote[new URL(path, baseUrl).href] = digest.toHex();
    if (!path.endsWith(".ts")) continue;
    for (const [, name] of new TextDecoder().decode(bytes).matchAll(PACKAGE_REGEXP)) {
      asked.add(`npm:${name}`);
    }
  }
  const specifiers = pick(lock.specifiers, (specifier) => asked.has(specifier));
  const needed = listNeeded(lock, Object.keys(specifiers));
  const npm = pick(lock.npm, (key) => needed.has(key));
  return `${JSON.stringify({ version: lock.version, specifiers, npm, remote }, null, 2)}\n`;
}

/** The keys of the packages that the specifiers mean, and of all that those depend on. */
function listNeeded({ npm, specifiers }: Lock, asked: readonly string[]): Set<string> {
  const needed = new Set<string>();
  const queue = asked.map((specifier) => {
    const name = specifier.slice("npm:".length, specifier.lastIndexOf("@"));
    return `${name}@${specifiers[specifier]}`;
  });
  for (let key = queue.pop(); key !== undefined; key = queue.pop()) {
    if (needed.has(key)) continue;
    const found = npm[key];
    if (found === undefined) throw new Error(`Cannot lock "${key}": deno.lock does not hold it`);
    needed.add(key);
    const { dependencies = [], optionalDependencies = [] } = found;
    queue.push(...[...dependencies, ...optionalDependencies].map((name) => toKey(name, npm)));
  }
  return needed;
}

/** A name stands alone where the lock holds one version of it. */
function toKey(name: string, npm: Lock["npm"]): string {
  if (name in npm) return name;
  const key = Object.keys(npm).find((candidate) => candidate.startsWith(`${name}@`));
  if (key === undefined) throw new Error(`Cannot lock "${name}": deno.lock does not hold it`);
  return key;
}

function pick<Value>(
  record: Readonly<Record<string, Value>>,
  isWanted: (key: string) => boolean,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(record).filter(([key]) => isWanted(key)));
}
