import { ArchiveError } from "./errors.ts";
import type { InputFile } from "./_input_file.ts";

/** With the manifest that is what a reader takes at most. */
const MAX_FILES = 9_999;

/**
 * Refuses names that would make an archive no reader should open.
 *
 * @throws {ArchiveError} `too_many_entries`, `entry_name_invalid` or `entry_duplicate`.
 */
export function assertNamesPackable(files: readonly InputFile[]): void {
  if (files.length > MAX_FILES) {
    throw new ArchiveError(
      "too_many_entries",
      `Cannot pack ${files.length} files: an archive holds at most ${MAX_FILES}`,
    );
  }
  const pathByFoldedName = new Map<string, string>();
  for (const { name, path } of files) {
    // TODO replaced by the reader's rule
    const folded = name.normalize("NFC").toLowerCase();
    const other = pathByFoldedName.get(folded);
    if (other !== undefined) {
      throw new ArchiveError(
        "entry_duplicate",
        `Cannot pack "${path}": on some file systems it is the same file as "${other}"`,
      );
    }
    pathByFoldedName.set(folded, path);
  }
}
