import { findPathFault, toCollisionKey } from "../entry_path.ts";
import type { InputFile } from "./input_file.ts";
import { ArchiveError } from "../errors.ts";

/** With the manifest that is what a reader takes at most. */
const MAX_FILES = 9_999;

/**
 * Refuses what would make an archive that no reader opens, Marina's own among them.
 *
 * @throws {ArchiveError} `too_many_entries`, `entry_name_invalid` or `entry_duplicate`.
 */
export function assertNamesPackable(files: readonly InputFile[]): void {
  if (files.length > MAX_FILES) {
    throw new ArchiveError(
      "too_many_entries",
      `Cannot pack ${files.length} files: an archive holds at most ${MAX_FILES} and a manifest`,
    );
  }
  const takenByKey = new Map<string, { readonly path: string; readonly prefix: string }>();
  for (const { name, path } of files) {
    const fault = findPathFault(name);
    if (fault) {
      const as = path.endsWith(name) ? "" : ` as "${name}"`;
      throw new ArchiveError(fault.code, `Cannot pack "${path}"${as}: ${fault.reason}`);
    }
    for (const prefix of listPrefixes(name)) {
      const key = toCollisionKey(prefix);
      const taken = takenByKey.get(key);
      // Two files may share a folder, if they spell it alike.
      if (taken && (taken.prefix !== prefix || prefix === name)) {
        throw new ArchiveError(
          "entry_duplicate",
          `Cannot pack "${path}": beside "${taken.path}" it would be the same file, ` +
            "or a file and a folder at once, where names differ only in case or Unicode form",
        );
      }
      // A file ends its prefixes with itself, so that no folder of that name is alike.
      takenByKey.set(key, { path, prefix: prefix === name ? `${name}/` : prefix });
    }
  }
}

/** `a/b/c` gives `a`, `a/b` and `a/b/c`. */
function listPrefixes(name: string): string[] {
  const parts = name.split("/");
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}
