import {
  assertReferences,
  compareDigests,
  DEFAULT_LIMITS,
  openSource,
  readArchiveConfig,
  scanArchive,
  type ScannedFile,
  type VerifyReport,
} from "../reading/mod.ts";
import { parseConfig } from "./parse_config.ts";
import { ArchiveError } from "../errors.ts";
import type { Manifest } from "../manifest.ts";

/** All that `inspect` shows of one archive. */
export interface Inspection {
  readonly path: string;
  readonly kind: "zip" | "tgz" | "folder";
  readonly manifest: Manifest;
  readonly files: readonly ScannedFile[];
  /** The model's YAML as a value; absent when the manifest names none. */
  readonly config?: unknown;
  /** When it was asked for. */
  readonly verification?: VerifyReport;
  /** Why the archive would not be opened, or is not proven. */
  readonly fault?: ArchiveError;
}

/**
 * Looks into an archive without unpacking it.
 *
 * @throws {ArchiveError} If its structure is unsound. What its manifest or models refer to, its
 * config and its digests do not hide what was found: they come as `fault`.
 */
export async function inspectArchive(
  path: string,
  options: { readonly verify: boolean },
): Promise<Inspection> {
  await using source = await openSource(path, DEFAULT_LIMITS.maxEntries);
  const scanned = await scanArchive(source, DEFAULT_LIMITS);
  const found = { path, kind: source.kind, ...scanned };
  const verification = options.verify
    ? { verification: compareDigests(scanned.manifest, scanned.files) }
    : {};
  try {
    if (verification.verification) assertProven(verification.verification, path);
    assertReferences(scanned, path);
    const configText = await readArchiveConfig(source, scanned, DEFAULT_LIMITS);
    const config = configText === undefined ? {} : {
      config: parseConfig(configText, scanned.manifest.model.configFile!),
    };
    return { ...found, ...config, ...verification };
  } catch (fault) {
    if (!(fault instanceof ArchiveError)) throw fault;
    return { ...found, ...verification, fault };
  }
}

function assertProven(report: VerifyReport, path: string): void {
  if (report.isProven) return;
  const { missing, extra, changed } = report;
  throw report.hasDigests
    ? new ArchiveError(
      changed.length > 0 ? "entry_digest_mismatch" : "entry_list_mismatch",
      `Cannot verify "${path}": ${changed.length} changed, ${missing.length} missing, ` +
        `${extra.length} extra`,
    )
    : new ArchiveError(
      "entry_list_mismatch",
      `Cannot verify "${path}": its manifest holds no digests, pack it with marina archive`,
    );
}
