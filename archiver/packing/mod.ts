/** From files to one archive: what goes in, in which order, and how it is written. */

export { writeAtomically, type WriteAtomicallyOptions } from "./atomic_output.ts";
export { collectFiles, sortFiles } from "./collect_files.ts";
export { type ResolvedHandler, resolveHandlerArgument } from "./handler_argument.ts";
export { type InputFile, readInputFile } from "./input_file.ts";
export { assertManifestFits } from "./manifest_draft.ts";
export {
  assertInputsOutside,
  assertReplaceable,
  ensureExportFolder,
  toOutputPath,
} from "./output_path.ts";
export { assertSettings } from "./settings.ts";
export { writeArchive } from "./write_archive.ts";
