import { basename, join } from "node:path";
import config from "../deno.json" with { type: "json" };
import { writeAtomically } from "./_atomic_output.ts";
import { collectFiles } from "./_collect_files.ts";
import { FolderWriter } from "./_folder_writer.ts";
import { type ResolvedHandler, resolveHandlerArgument } from "./_handler_argument.ts";
import type { InputFile } from "./_input_file.ts";
import { toManifestText } from "./_manifest_text.ts";
import {
  assertInputsOutside,
  assertReplaceable,
  ensureExportFolder,
  toOutputPath,
} from "./_output_path.ts";
import { type ArchiveWriter, readPieces } from "./_packing.ts";
import { TgzWriter } from "./_tgz_writer.ts";
import { clampEntrySec, EARLIEST_ENTRY_SEC, toCreatedOn } from "./_timestamps.ts";
import { ZipWriter } from "./_zip_writer.ts";
import { ArchiveError } from "./errors.ts";
import { type Manifest, MANIFEST_PATH, type ManifestFile, MAX_MANIFEST_BYTES } from "./manifest.ts";
import {
  ARCHIVE_FORMATS,
  type ArchiveFormat,
  type GenerateModelArchiveOptions,
  type ModelArchiverConfig,
  RUNTIMES,
} from "./model_archiver_config.ts";

const MODEL_NAME_REGEXP = /^[A-Za-z0-9][A-Za-z0-9_\-.]*$/;

/** Stands in for a digest while only the manifest's length is asked for. */
const BLANK_SHA256 = "0".repeat(64);

/**
 * Packs a model, its handler and its files into one archive, for programs that do what
 * `marina archive` does.
 *
 * The same inputs give the same bytes, whatever the folder, the time zone or the clock: entries
 * are sorted, modes are 0644 or 0755, timestamps are UTC and come from the files or from
 * `options.sourceDateEpochSec`. The manifest comes last and lists size and SHA-256 of all others.
 *
 * The archive appears under its name whole or not at all, and what was there before stays
 * until then. Memory is bounded by a few megabytes whatever the sizes. Nothing is printed,
 * and the environment is not read.
 *
 * | format | written | entries |
 * | --- | --- | --- |
 * | `default` | `<exportPath>/<modelName>.mar` | zip, deflated at level 6 |
 * | `zip-store` | `<exportPath>/<modelName>.mar` | zip, stored |
 * | `tgz` | `<exportPath>/<modelName>.tar.gz` | PAX tar at gzip level 9, under `<modelName>/` |
 * | `no-archive` | `<exportPath>/<modelName>/` | plain files |
 *
 * Fields, layouts, the manifest's form and most error texts are those of
 * [torch-model-archiver](https://github.com/pytorch/serve/tree/master/model-archiver).
 *
 * @example A model that needs no file
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { generateModelArchive } from "./generate_model_archive.ts";
 *
 * const exportPath = await Deno.makeTempDir();
 * const path = await generateModelArchive({
 *   modelName: "digits",
 *   handler: "base_handler",
 *   version: "1.0",
 *   exportPath,
 * });
 *
 * strictEqual(path, `${exportPath}/digits.mar`);
 * strictEqual((await Deno.stat(path)).isFile, true);
 * await Deno.remove(exportPath, { recursive: true });
 * ```
 *
 * @param model What to pack, and where to.
 * @param options Hooks, an abort signal, and the moment for all timestamps.
 * @returns The path written: `exportPath` as given, the model's name, the format's suffix.
 * @throws {ArchiveError} `model_name_invalid`, `setting_invalid`, `export_path_invalid`,
 * `destination_exists`, `input_not_found`, `input_invalid`, `input_changed`,
 * `entry_name_invalid`, `entry_duplicate`, `too_many_entries`, `manifest_too_large`, an
 * `onnx_…` code, or `write_failed` with the system's error as cause.
 */
export async function generateModelArchive(
  model: ModelArchiverConfig,
  options: GenerateModelArchiveOptions = {},
): Promise<string> {
  assertSettings(model, options);
  const format = model.archiveFormat ?? "default";
  const force = model.force ?? false;
  const exportPath = model.exportPath ?? Deno.cwd();
  const path = toOutputPath(exportPath, model.modelName, format);
  const onWarning = options.onWarning ?? (() => {});
  await ensureExportFolder(exportPath, onWarning);
  await assertReplaceable(path, { format, force, onWarning });

  const realExportPath = await Deno.realPath(exportPath === "" ? "." : exportPath);
  const outputPath = join(realExportPath, basename(path));
  const handler = await resolveHandlerArgument(model.handler, model.runtime, isFile);
  const files = await collectFiles(model, {
    ...(handler.path === undefined ? {} : { handlerPath: handler.path }),
    outputPath,
    onWarning,
  });
  if (format === "no-archive") await assertInputsOutside(outputPath, files);
  assertManifestFits(model, handler, files, options);

  options.signal?.throwIfAborted();
  await saveArchive(path, exportPath, {
    force,
    write: (temporaryPath) =>
      writeArchive(temporaryPath, { format, model, handler, files, options }),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return path;
}

interface ArchiveJob {
  readonly format: ArchiveFormat;
  readonly model: ModelArchiverConfig;
  readonly handler: ResolvedHandler;
  readonly files: readonly InputFile[];
  readonly options: GenerateModelArchiveOptions;
}

async function writeArchive(path: string, job: ArchiveJob): Promise<void> {
  const { model, handler, files, options } = job;
  const digests = new Map<string, ManifestFile>();
  const writer = await createWriter(path, job.format, model.modelName);
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
    const createdSec = resolveCreatedSec(files, options);
    const text = toManifestText(createManifest(model, handler, createdSec, digests));
    const bytes = new TextEncoder().encode(text);
    await writer.add({
      name: MANIFEST_PATH,
      sizeBytes: bytes.length,
      modifiedSec: createdSec,
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

/** What the disk refuses becomes one error, with TorchServe's text and the reason as cause. */
async function saveArchive(
  path: string,
  exportPath: string,
  options: Parameters<typeof writeAtomically>[1] & { readonly signal?: AbortSignal },
): Promise<void> {
  try {
    await writeAtomically(path, options);
  } catch (error) {
    if (error instanceof ArchiveError) throw error;
    if (options.signal?.aborted) throw options.signal.reason;
    throw new ArchiveError(
      "write_failed",
      `Failed to save the model-archive to model-path "${exportPath}". ` +
        "Check the file permissions and retry.",
      { cause: error },
    );
  }
}

function createManifest(
  model: ModelArchiverConfig,
  handler: ResolvedHandler,
  createdSec: number,
  files: ReadonlyMap<string, ManifestFile>,
): Manifest {
  const { serializedFile, modelFile, version, requirementsFile, configFile } = model;
  return {
    createdOn: toCreatedOn(createdSec),
    runtime: handler.runtime,
    model: {
      modelName: model.modelName,
      handler: handler.manifestName,
      ...(serializedFile ? { serializedFile: basename(serializedFile) } : {}),
      ...(modelFile ? { modelFile: basename(modelFile) } : {}),
      ...(version ? { modelVersion: version } : {}),
      ...(requirementsFile ? { requirementsFile: basename(requirementsFile) } : {}),
      ...(configFile ? { configFile: basename(configFile) } : {}),
    },
    archiverVersion: config.version,
    files,
  };
}

/** The newest input's time, as its only meaning is "not older than its content". */
function resolveCreatedSec(
  files: readonly InputFile[],
  { sourceDateEpochSec }: GenerateModelArchiveOptions,
): number {
  const newestSec = files.reduce(
    (newest, { modifiedMs }) => Math.max(newest, modifiedMs / 1000),
    EARLIEST_ENTRY_SEC,
  );
  return clampEntrySec(sourceDateEpochSec ?? newestSec);
}

function assertSettings(model: ModelArchiverConfig, options: GenerateModelArchiveOptions): void {
  if (!MODEL_NAME_REGEXP.test(model.modelName)) {
    throw new ArchiveError(
      "model_name_invalid",
      "Model name contains special characters.\nThe allowed regular expression filter for " +
        `model name is: ${MODEL_NAME_REGEXP.source}`,
    );
  }
  assertChoice("runtime", model.runtime, RUNTIMES);
  assertChoice("archive format", model.archiveFormat, ARCHIVE_FORMATS);
  const epochSec = options.sourceDateEpochSec;
  if (epochSec !== undefined && !(Number.isSafeInteger(epochSec) && epochSec >= 0)) {
    throw new ArchiveError(
      "setting_invalid",
      `Cannot use source date epoch ${epochSec}: it must be a whole number of seconds since 1970`,
    );
  }
}

/** For callers whose values no compiler has seen. */
function assertChoice(what: string, value: string | undefined, choices: readonly string[]): void {
  if (value === undefined || choices.includes(value)) return;
  const known = choices.map((choice) => `"${choice}"`).join(", ");
  throw new ArchiveError("setting_invalid", `Cannot use ${what} "${value}": known are ${known}`);
}

/** Before anything is written: its length depends on names and sizes alone. */
function assertManifestFits(
  model: ModelArchiverConfig,
  handler: ResolvedHandler,
  files: readonly InputFile[],
  options: GenerateModelArchiveOptions,
): void {
  const digests = new Map(
    files.map(({ name, sizeBytes }) => [name, { size: sizeBytes, sha256: BLANK_SHA256 }]),
  );
  const createdSec = resolveCreatedSec(files, options);
  const { length } = toManifestText(createManifest(model, handler, createdSec, digests));
  if (length <= MAX_MANIFEST_BYTES) return;
  throw new ArchiveError(
    "manifest_too_large",
    `Cannot pack ${files.length} files: their table in the manifest takes ${length} bytes, ` +
      `readers take at most ${MAX_MANIFEST_BYTES}`,
  );
}

async function isFile(path: string): Promise<boolean> {
  return (await Deno.stat(path).catch(() => undefined))?.isFile ?? false;
}
