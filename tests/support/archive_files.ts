/** Puts an archive's bytes where `openArchive()` finds them, and proves what is left afterwards. */
import { deepEqual, rejects } from "node:assert/strict";
import { join } from "node:path";
import { openArchive, type OpenArchiveOptions } from "../../archiver/open_archive.ts";
import type { ArchiveErrorCode } from "../../archiver/errors.ts";
import { TempFolder } from "./temp_folder.ts";

/** Opens these bytes, and proves that they are refused by this code and nothing is left on disk. */
export async function assertRefused(
  bytes: Uint8Array,
  code: ArchiveErrorCode,
  options: Partial<OpenArchiveOptions> = {},
): Promise<void> {
  await using folder = await TempFolder.create();
  const path = folder.at("a.mar");
  await Deno.writeFile(path, bytes);
  await rejects(
    openArchive(path, { destination: folder.at("unpacked"), ...options }),
    { name: "ArchiveError", code },
  );
  deepEqual(await listTree(folder.path), ["a.mar"]);
}

/** Opens these bytes and answers the texts of the model's files by path. */
export async function unpackTexts(
  bytes: Uint8Array,
  options: Partial<OpenArchiveOptions> = {},
): Promise<Record<string, string>> {
  await using folder = await TempFolder.create();
  const path = folder.at("a.mar");
  await Deno.writeFile(path, bytes);
  await using opened = await openArchive(path, {
    destination: folder.at("unpacked"),
    ...options,
  });
  const texts: Record<string, string> = {};
  for (const file of await listTree(opened.modelDir)) {
    const info = await Deno.lstat(join(opened.modelDir, file));
    if (info.isFile) texts[file] = await Deno.readTextFile(join(opened.modelDir, file));
    else texts[`${file}/`] = "";
  }
  return texts;
}

/** Files, links and empty folders below a folder, sorted, relative to it. */
export async function listTree(folder: string, prefix = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const child of Deno.readDir(join(folder, prefix))) {
    const path = `${prefix}${child.name}`;
    const below = child.isDirectory ? await listTree(folder, `${path}/`) : [];
    found.push(...(below.length > 0 ? below : [path]));
  }
  return found.sort();
}
