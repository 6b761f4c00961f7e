/** From bytes nobody trusts to entries that are proven: zips, gzipped tars and folders. */

export {
  type ChangedFile,
  compareDigests,
  type FoundFile,
  type VerifyReport,
} from "./archive_digests.ts";
export {
  assertReferences,
  readArchiveConfig,
  scanArchive,
  type ScannedFile,
} from "./archive_scan.ts";
export { type ArchiveSource, DEFAULT_LIMITS, type ReadLimits } from "./archive_source.ts";
export { MAX_CONFIG_BYTES, parseConfigText, parseManifestBytes } from "./archive_texts.ts";
export { checkedEntries } from "./checked_entries.ts";
export { hashedChunks } from "./hashed_chunks.ts";
export { resolveTarRoot } from "./model_root.ts";
export { openSource } from "./open_source.ts";
export { UnpackFolder } from "./unpacker.ts";
