/** What a binary is made of, for people who wonder where its size comes from. */
import { join } from "node:path";
import { listPackedFiles } from "../../archiver/mod.ts";
import { type NpmPackage, toPackageDir } from "./npm_packages.ts";

const BYTES_PER_MB = 1e6;
/** Packages that are smaller stand in one line together. */
const SMALL_BYTES = 1e6;

/** One line of the list. */
export interface Part {
  readonly name: string;
  readonly sizeBytes: number;
}

/** The packages, each with its size. */
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
  return parts;
}

/** The files that go in compressed. */
export async function measurePacked(packedDir: string): Promise<Part[]> {
  const parts: Part[] = [];
  for (const { path, sizeBytes } of await listPackedFiles(packedDir)) {
    const { size } = await Deno.stat(join(packedDir, `${path}.zst`));
    const name = `${path.split("/").at(-1)}, ${toMegabytes(sizeBytes)} compressed`;
    parts.push({ name, sizeBytes: size });
  }
  return parts;
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
export function toContentsText(totalBytes: number, parts: readonly Part[]): string {
  const large = parts.filter(({ sizeBytes }) => sizeBytes >= SMALL_BYTES)
    .sort((a, b) => b.sizeBytes - a.sizeBytes);
  const small = parts.filter(({ sizeBytes }) => sizeBytes < SMALL_BYTES);
  const sum = (some: readonly Part[]) => some.reduce((total, part) => total + part.sizeBytes, 0);
  const rows: Part[] = [
    { name: "runtime and program", sizeBytes: totalBytes - sum(parts) },
    ...large,
    { name: `${small.length} others of less than 1 MB`, sizeBytes: sum(small) },
  ];
  return rows.map(({ name, sizeBytes }) => `${toMegabytes(sizeBytes).padStart(12)}  ${name}\n`)
    .join("");
}

export function toMegabytes(sizeBytes: number): string {
  return `${(sizeBytes / BYTES_PER_MB).toFixed(1)} MB`;
}
