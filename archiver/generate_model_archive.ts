import { basename, join } from "node:path";
import {
  assertInputsOutside,
  assertManifestFits,
  assertReplaceable,
  assertSettings,
  collectFiles,
  ensureExportFolder,
  type InputFile,
  readInputFile,
  type ResolvedHandler,
  resolveHandlerArgument,
  sortFiles,
  toOutputPath,
  writeArchive,
  writeAtomically,
  type WriteAtomicallyOptions,
} from "./packing/mod.ts";
import { bundleHandler, checkHandler } from "./bundling/mod.ts";
import { ArchiveError } from "./errors.ts";
import type { GenerateModelArchiveOptions, ModelArchiverConfig } from "./model_archiver_config.ts";

/**
 * Packs a model, its handler and its files into one archive, for programs that do what
 * `marina archive` does.
 *
 * The same inputs give the same bytes, whatever the folder, the time zone or the clock: entries
 * are sorted, modes are 0644 or 0755, timestamps are UTC and come from the files or from
 * `options.sourceDateEpochSec`. The manifest comes last and lists size and SHA-256 of all others.
 *
 * A TypeScript or JavaScript handler becomes one self-contained module, `handler.js` for `handler.ts`; what it
 * was made of is kept in `MAR-INF/source/`, and the manifest's `handlerSource` names it.
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
 * `onnx_…` or `handler_…` code, or `write_failed` with the system's error as cause.
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
  const given = await resolveHandlerArgument(model.handler, model.runtime, isFile);
  const collected = await collectFiles(model, {
    ...(given.path === undefined ? {} : { handlerPath: given.path }),
    outputPath,
    onWarning,
  });
  const { handler, files } = await packHandler(model, given, collected);
  if (format === "no-archive") await assertInputsOutside(outputPath, files);
  const job = { format, model, handler, files, options };
  assertManifestFits(job);

  options.signal?.throwIfAborted();
  await saveArchive(path, exportPath, {
    force,
    write: (temporaryPath) => writeArchive(temporaryPath, job),
    ...(options.signal ? { signal: options.signal } : {}),
  });
  return path;
}

interface PackedHandler {
  readonly handler: ResolvedHandler;
  readonly files: readonly InputFile[];
}

/** Puts the bundle in the place of the handler's file, where there is something to bundle. */
async function packHandler(
  model: ModelArchiverConfig,
  handler: ResolvedHandler,
  files: readonly InputFile[],
): Promise<PackedHandler> {
  const { path, runtime } = handler;
  if (path === undefined || runtime !== "deno") return { handler, files };
  if (model.check) await checkHandler(path);
  if (model.bundle === false) return { handler, files };
  const readSource = (source: string, name: string) => readInputFile("handler", source, name);
  const bundled = await bundleHandler(path, files, readSource);
  if (bundled === undefined) return { handler, files };
  const { bundle, sources } = bundled;
  const others = files.filter((file) => file.path !== path);
  const entry = handler.manifestName.slice(basename(path).length);
  return {
    handler: { ...handler, manifestName: bundle.name + entry, sourceName: sources[0]!.name },
    files: sortFiles([...others, bundle, ...sources]),
  };
}

/** What the disk refuses becomes one error, with TorchServe's text and the reason as cause. */
async function saveArchive(
  path: string,
  exportPath: string,
  options: WriteAtomicallyOptions & { readonly signal?: AbortSignal },
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

async function isFile(path: string): Promise<boolean> {
  return (await Deno.stat(path).catch(() => undefined))?.isFile ?? false;
}
