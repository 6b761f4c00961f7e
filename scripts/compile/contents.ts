/** What a binary is made of, for people who wonder where its size comes from. */
import { join } from "node:path";
import { type NpmPackage, toPackageDir } from "./npm_packages.ts";

const BYTES_PER_MB = 1e6;
/** Packages that are smaller stand in one line together. */
const SMALL_BYTES = 1e6;

/** One line of the list. */
export interface Part {
  readonly name: string;
  readonly sizeBytes: number;
}

/** The packages by size, the largest first. */
export async function measurePackages(
  packages: readonly NpmPackage[],
  npmCacheDir: string,
  leftOut: ReadonlySet<string>,
): Promise<Part[]> {
  const parts: Part[] = [];
  for (const npmPackage of packages) {
    const sizeBytes = await measureFolder(toPackageDir(npmPackage, npmCacheDir), leftOut);
    parts.push({ name: `${npmPackage.name} ${npmPackage.version}`, sizeBytes });
  }
  return parts.sort((a, b) => b.sizeBytes - a.sizeBytes);
}

async function measureFolder(dir: string, leftOut: ReadonlySet<string>): Promise<number> {
  let sizeBytes = 0;
  for await (const { name, isDirectory } of Deno.readDir(dir)) {
    const path = join(dir, name);
    if (leftOut.has(path)) continue;
    sizeBytes += isDirectory ? await measureFolder(path, leftOut) : (await Deno.stat(path)).size;
  }
  return sizeBytes;
}

/** The list as text; what no package accounts for is the runtime and the program itself. */
export function toContentsText(totalBytes: number, packages: readonly Part[]): string {
  const large = packages.filter(({ sizeBytes }) => sizeBytes >= SMALL_BYTES);
  const small = packages.filter(({ sizeBytes }) => sizeBytes < SMALL_BYTES);
  const sum = (parts: readonly Part[]) => parts.reduce((total, part) => total + part.sizeBytes, 0);
  const rows: Part[] = [
    { name: "runtime and program", sizeBytes: totalBytes - sum(packages) },
    ...large,
    { name: `${small.length} packages of less than 1 MB`, sizeBytes: sum(small) },
  ];
  return rows.map(({ name, sizeBytes }) => `${toMegabytes(sizeBytes).padStart(12)}  ${name}\n`)
    .join("");
}

export function toMegabytes(sizeBytes: number): string {
  return `${(sizeBytes / BYTES_PER_MB).toFixed(1)} MB`;
}
