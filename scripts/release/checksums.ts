import { createHash } from "node:crypto";
import { join } from "node:path";

/** One file of a release. */
export interface HashedFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** In hexadecimal digits. */
  readonly sha256: string;
}

/** The files of a folder by name; none of its folders. */
export async function hashFiles(dir: string): Promise<HashedFile[]> {
  const files: HashedFile[] = [];
  for await (const { name, isFile } of Deno.readDir(dir)) {
    if (!isFile) continue;
    const hash = createHash("sha256");
    let sizeBytes = 0;
    using file = await Deno.open(join(dir, name));
    for await (const chunk of file.readable) {
      hash.update(chunk);
      sizeBytes += chunk.length;
    }
    files.push({ name, sizeBytes, sha256: hash.digest("hex") });
  }
  return files.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** For `sha256sum --check`. */
export function toChecksumText(files: readonly HashedFile[]): string {
  return files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join("");
}
