/**
 * What a server needs of archives: a door of its own, so that its start loads nothing of what packs them.
 *
 * @module
 */
export { BundleError, type HandlerPlace } from "./bundling/bundle_error.ts";
export { bundleInThread } from "./bundling/bundle_in_thread.ts";
export { ArchiveError, type ArchiveErrorCode } from "./errors.ts";
export type { Manifest, ManifestFile, ManifestModel } from "./manifest.ts";
export { openArchive, type OpenArchiveOptions, type OpenedArchive } from "./open_archive.ts";
export {
  listPackedFiles,
  type PackedFile,
  readPackedFile,
  resolvePackedDir,
  writePackedFiles,
} from "./packed_files.ts";
