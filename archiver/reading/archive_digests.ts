import type { Manifest } from "../manifest.ts";
import { MANIFEST_PATH } from "../manifest.ts";

/** What was really found of one file. */
export interface FoundFile {
  /** Below the model's root. */
  readonly path: string;
  /** In bytes. */
  readonly size: number;
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string;
}

/** A file that is not what the manifest says. */
export interface ChangedFile {
  readonly path: string;
  readonly expected: { readonly size: number; readonly sha256: string };
  readonly found: { readonly size: number; readonly sha256: string };
}

/** How an archive's files compare with the manifest's `files` table. */
export interface VerifyReport {
  /** Whether the manifest has a `files` table; without one nothing can be proved. */
  readonly hasDigests: boolean;
  /** Whether there is a table, and every file is as it says. */
  readonly isProven: boolean;
  /** Files whose size and digest are as the table says. */
  readonly provenCount: number;
  /** In the table and not in the archive. */
  readonly missing: readonly string[];
  /** In the archive and not in the table. */
  readonly extra: readonly string[];
  readonly changed: readonly ChangedFile[];
}

/** Compares what was found with what the manifest says; the manifest itself is in no table. */
export function compareDigests(manifest: Manifest, found: readonly FoundFile[]): VerifyReport {
  const table = manifest.files ?? new Map<string, { size: number; sha256: string }>();
  const files = found.filter((file) => file.path !== MANIFEST_PATH);
  const paths = new Set(files.map((file) => file.path));
  const missing = [...table.keys()].filter((path) => !paths.has(path));
  const extra: string[] = [];
  const changed: ChangedFile[] = [];
  for (const { path, size, sha256 } of files) {
    const expected = table.get(path);
    if (!expected) extra.push(path);
    else if (expected.size !== size || expected.sha256 !== sha256) {
      changed.push({ path, expected, found: { size, sha256 } });
    }
  }
  const hasDigests = manifest.files !== undefined;
  return {
    hasDigests,
    isProven: hasDigests && missing.length + extra.length + changed.length === 0,
    provenCount: files.length - extra.length - changed.length,
    missing,
    extra,
    changed,
  };
}
