import { EntryNames } from "../entry_path.ts";

const MANIFEST_FOLDER = "MAR-INF";

/** Where the model's root lies in a gzipped tar. */
export interface TarRoot {
  /** Path below the root by path in the archive, of every file. */
  readonly pathByEntry: ReadonlyMap<string, string>;
  /** The one folder that holds every file, `""` for the tar's own root; absent if several do. */
  readonly folder?: string;
}

/**
 * Finds the model's root in a gzipped tar.
 *
 * As in TorchServe the first component of every path is dropped, whatever it is; unless `MAR-INF`
 * is at the tar's root, because then nothing may be dropped.
 *
 * @param paths Of files only.
 * @throws {ArchiveError} `entry_duplicate` if two paths become one.
 */
export function resolveTarRoot(paths: readonly string[], archivePath: string): TarRoot {
  const hasRootManifest = paths.some((path) => path.startsWith(`${MANIFEST_FOLDER}/`));
  const names = new EntryNames(archivePath);
  const pathByEntry = new Map<string, string>();
  const folders = new Set<string>();
  for (const path of paths) {
    const cut = hasRootManifest ? 0 : path.indexOf("/") + 1;
    const kept = path.slice(cut);
    names.add(kept, "file");
    pathByEntry.set(path, kept);
    folders.add(path.slice(0, Math.max(cut - 1, 0)));
  }
  const [folder] = folders;
  return folders.size === 1 ? { pathByEntry, folder: folder! } : { pathByEntry };
}
