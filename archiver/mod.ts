/**
 * Model files ⇄ one archive. Knows no HTTP and no tensors.
 *
 * @module
 */
export { ARCHIVE_OPTIONS } from "./cli/archive_options.ts";
export type { CommandOption } from "./cli/argument_parser.ts";
export { INSPECT_OPTIONS } from "./cli/inspect_options.ts";
export { createPackingResolver, FILE_SPACE, loadEsbuild, SourceModules } from "./bundling/mod.ts";
export { generateModelArchive } from "./generate_model_archive.ts";
export {
  ARCHIVE_FORMATS,
  type ArchiveFormat,
  type GenerateModelArchiveOptions,
  type ModelArchiverConfig,
  type PackingProgress,
  type Runtime,
  RUNTIMES,
} from "./model_archiver_config.ts";
export * from "./reading.ts";
export { verifyArchive, type VerifyReport } from "./verify_archive.ts";
