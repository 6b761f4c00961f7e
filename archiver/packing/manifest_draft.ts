import { basename } from "node:path";
import config from "../../deno.json" with { type: "json" };
import type { ArchiveJob } from "./archive_job.ts";
import { toManifestText } from "./manifest_text.ts";
import { clampEntrySec, EARLIEST_ENTRY_SEC, toCreatedOn } from "./timestamps.ts";
import { ArchiveError } from "../errors.ts";
import { type Manifest, type ManifestFile, MAX_MANIFEST_BYTES } from "../manifest.ts";

/** Stands in for a digest while only the manifest's length is asked for. */
const BLANK_SHA256 = "0".repeat(64);

/** What the manifest says, once every file's digest is known. */
export function createManifest(
  job: ArchiveJob,
  files: ReadonlyMap<string, ManifestFile>,
): Manifest {
  const { model, handler } = job;
  const { serializedFile, modelFile, version, requirementsFile, configFile } = model;
  return {
    createdOn: toCreatedOn(resolveCreatedSec(job)),
    runtime: handler.runtime,
    model: {
      modelName: model.modelName,
      handler: handler.manifestName,
      ...(serializedFile ? { serializedFile: basename(serializedFile) } : {}),
      ...(modelFile ? { modelFile: basename(modelFile) } : {}),
      ...(version ? { modelVersion: version } : {}),
      ...(requirementsFile ? { requirementsFile: basename(requirementsFile) } : {}),
      ...(configFile ? { configFile: basename(configFile) } : {}),
      ...(handler.sourceName ? { handlerSource: handler.sourceName } : {}),
    },
    archiverVersion: config.version,
    files,
  };
}

/** The newest input's time: the clock would give every run other bytes. */
export function resolveCreatedSec({ files, options }: ArchiveJob): number {
  const newestSec = files.reduce(
    (newest, { modifiedMs }) => Math.max(newest, modifiedMs / 1000),
    EARLIEST_ENTRY_SEC,
  );
  return clampEntrySec(options.sourceDateEpochSec ?? newestSec);
}

/**
 * Refuses a file table too long for readers, before anything is written: its length depends on
 * names and sizes alone.
 *
 * @throws {ArchiveError} `manifest_too_large`.
 */
export function assertManifestFits(job: ArchiveJob): void {
  const digests = new Map(
    job.files.map(({ name, sizeBytes }) => [name, { size: sizeBytes, sha256: BLANK_SHA256 }]),
  );
  const { length } = toManifestText(createManifest(job, digests));
  if (length <= MAX_MANIFEST_BYTES) return;
  throw new ArchiveError(
    "manifest_too_large",
    `Cannot pack ${job.files.length} files: their table in the manifest takes ${length} bytes, ` +
      `readers take at most ${MAX_MANIFEST_BYTES}`,
  );
}
