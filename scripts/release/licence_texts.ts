/** The licences that a release hands on: the executables hold the packages, but none of their papers. */
import { join } from "node:path";
import { toPackageDir } from "../compile/npm_packages.ts";
import type { SbomPackage } from "./sbom.ts";

const PAPER_REGEXP = /^(licen[cs]e|copying|notice|third.?party.?notices)(?![a-z])/i;

const RULE = "=".repeat(80);

/**
 * One text of all packages' licences and notices, in the order of the packages.
 *
 * A package that brings no such file stands there with the name of its licence alone. The text of one that is
 * only for another platform, and so is not in the cache, is absent.
 *
 * @param npmCacheDir The compiler's folder of packages.
 */
export async function createLicenceText(
  packages: readonly SbomPackage[],
  npmCacheDir: string,
): Promise<string> {
  const parts: string[] = [];
  for (const npmPackage of packages) {
    const dir = toPackageDir({ ...npmPackage, dependencies: [] }, npmCacheDir);
    const { name, version, licence } = npmPackage;
    const head = `${RULE}\n${name} ${version}${licence ? `, ${licence}` : ""}\n${RULE}\n`;
    const papers = await listPapers(dir);
    const texts = await Promise.all(papers.map((paper) => Deno.readTextFile(join(dir, paper))));
    parts.push([head, ...texts.map((text) => `${text.trim()}\n`)].join("\n"));
  }
  return parts.join("\n");
}

async function listPapers(dir: string): Promise<string[]> {
  try {
    const entries = await Array.fromAsync(Deno.readDir(dir));
    return entries.filter(({ isFile, name }) => isFile && PAPER_REGEXP.test(name))
      .map(({ name }) => name).sort();
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}
