import {
  compareDigests,
  DEFAULT_LIMITS,
  openSource,
  scanArchive,
  type VerifyReport,
} from "./reading/mod.ts";

export type { ChangedFile, VerifyReport } from "./reading/mod.ts";

/** How to verify an archive. */
export interface VerifyArchiveOptions {
  /** Aborting stops at once. */
  readonly signal?: AbortSignal;
}

/**
 * Compares every file of an archive with the manifest's `files` table, for whoever must know that
 * an archive is what was packed.
 *
 * Reads the archive once and writes nothing. A difference is reported, not thrown; an archive whose
 * own structure is unsound is refused, as by `openArchive()`. Says nothing about who made
 * the archive: the table lies in it.
 *
 * @param path A zip, a gzipped tar or a folder.
 * @throws {ArchiveError} If there is no such archive or it is not sound.
 */
export async function verifyArchive(
  path: string,
  options: VerifyArchiveOptions = {},
): Promise<VerifyReport> {
  await using source = await openSource(path, DEFAULT_LIMITS.maxEntries);
  const { manifest, files } = await scanArchive(source, { ...DEFAULT_LIMITS, ...options });
  return compareDigests(manifest, files);
}
