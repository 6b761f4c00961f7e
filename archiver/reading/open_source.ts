import { ArchiveFile } from "./archive_file.ts";
import type { ArchiveSource } from "./archive_source.ts";
import { FolderSource } from "./folder_source.ts";
import { TarSource } from "./tar_source.ts";
import { hasZipEnd } from "./zip_end.ts";
import { ZipSource } from "./zip_source.ts";
import { ArchiveError } from "../errors.ts";

/**
 * Opens an archive by what it holds, whatever its name: zip, gzipped tar, or folder.
 *
 * @throws {ArchiveError} `archive_not_found`, `archive_format_unknown`, `archive_truncated`
 * if it is empty, `archive_corrupt` if something is put before a zip.
 */
export async function openSource(path: string, maxEntries: number): Promise<ArchiveSource> {
  const info = await statArchive(path);
  if (info.isDirectory) return await FolderSource.open(path);
  if (!info.isFile) throw unknownFormat(path, "something that is neither a file nor a folder");
  const file = await ArchiveFile.open(path);
  try {
    return await sniff(file, maxEntries);
  } catch (error) {
    file[Symbol.dispose]();
    throw error;
  }
}

async function sniff(file: ArchiveFile, maxEntries: number): Promise<ArchiveSource> {
  if (file.size === 0) {
    throw new ArchiveError("archive_truncated", `Cannot open "${file.path}": the file is empty`);
  }
  const magic = await file.readAt(0, Math.min(4, file.size));
  const [a, b, c, d] = magic;
  if (a === 0x1f && b === 0x8b) return new TarSource(file, maxEntries);
  if (a === 0x50 && b === 0x4b) {
    if ((c === 3 && d === 4) || (c === 5 && d === 6)) return new ZipSource(file, maxEntries);
    if (c === 7 && d === 8) {
      throw new ArchiveError(
        "archive_unsupported",
        `Cannot open "${file.path}": the zip is spread over several disks`,
      );
    }
  }
  if (await hasZipEnd(file)) {
    throw new ArchiveError(
      "archive_corrupt",
      `Cannot open "${file.path}": expected a zip from its first byte, found something before it`,
    );
  }
  throw unknownFormat(file.path, `a file that starts with 0x${magic.toHex()}`);
}

async function statArchive(path: string): Promise<Deno.FileInfo> {
  try {
    return await Deno.stat(path);
  } catch (cause) {
    if (!(cause instanceof Deno.errors.NotFound) && !(cause instanceof Deno.errors.NotADirectory)) {
      throw cause;
    }
    throw new ArchiveError("archive_not_found", `Cannot open "${path}": no such file or folder`, {
      cause,
    });
  }
}

function unknownFormat(path: string, found: string): ArchiveError {
  return new ArchiveError(
    "archive_format_unknown",
    `Cannot open "${path}": expected a zip, a gzipped tar or a folder, found ${found}`,
  );
}
