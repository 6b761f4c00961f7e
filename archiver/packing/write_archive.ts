import type { ArchiveJob } from "./archive_job.ts";
import { FolderWriter } from "./folder_writer.ts";
import { createManifest, resolveCreatedSec } from "./manifest_draft.ts";
import { toManifestText } from "./manifest_text.ts";
import { type ArchiveWriter, readPieces } from "./packing.ts";
import { TgzWriter } from "./tgz_writer.ts";
import { clampEntrySec } from "./timestamps.ts";
import { ZipWriter } from "./zip_writer.ts";
import { MANIFEST_PATH, type ManifestFile } from "../manifest.ts";
import type { ArchiveFormat } from "../model_archiver_config.ts";

/** Writes the whole archive to `path`, where nothing is yet, and flushes it to disk. */
export async function writeArchive(path: string, job: ArchiveJob): Promise<void> {
  const { files, options } = job;
  const digests = new Map<string, ManifestFile>();
  const writer = await createWriter(path, job.format, job.model.modelName);
  try {
    for (const file of files) {
      await writer.add({
        name: file.name,
        sizeBytes: file.sizeBytes,
        modifiedSec: clampEntrySec(options.sourceDateEpochSec ?? file.modifiedMs / 1000),
        isExecutable: file.isExecutable,
        pieces: readPieces(file, options, (digest) => digests.set(file.name, digest)),
      });
    }
    const bytes = new TextEncoder().encode(toManifestText(createManifest(job, digests)));
    await writer.add({
      name: MANIFEST_PATH,
      sizeBytes: bytes.length,
      modifiedSec: resolveCreatedSec(job),
      isExecutable: false,
      pieces: (async function* () {
        yield bytes;
      })(),
    });
    await writer.finish();
  } finally {
    await writer.dispose();
  }
}

async function createWriter(
  path: string,
  format: ArchiveFormat,
  modelName: string,
): Promise<ArchiveWriter> {
  switch (format) {
    case "default":
    case "zip-store":
      return await ZipWriter.create(path, format === "zip-store");
    case "tgz":
      return await TgzWriter.create(path, modelName);
    case "no-archive":
      return await FolderWriter.create(path);
  }
}
