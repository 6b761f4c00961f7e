/**
 * What can be wrong with an archive, each once; says what *is*, and never changes.
 *
 * The message of an {@linkcode ArchiveError} is for people and may change.
 */
export type ArchiveErrorCode =
  /** There is nothing at the archive's path. */
  | "archive_not_found"
  /** Neither a zip, nor a gzipped tar, nor a folder. */
  | "archive_format_unknown"
  /** Ends before its own structure says it should. */
  | "archive_truncated"
  /** Its structure contradicts itself: bad headers, overlapping entries, garbage before the start. */
  | "archive_corrupt"
  /** Well formed, but uses what is never read: encryption, several disks, other compressions. */
  | "archive_unsupported"
  /** Unpacks to more bytes than the limit allows. */
  | "archive_too_large"
  /** Unpacks to more than 1,000 times its packed size. */
  | "archive_ratio_too_high"
  | "too_many_entries"
  /** The entry's path leaves the folder it is unpacked into. */
  | "entry_outside_destination"
  /** The entry's name holds NUL, a back-slash, a reserved name, a trailing dot or space. */
  | "entry_name_invalid"
  /** A link, device, pipe or socket. */
  | "entry_type_refused"
  /** Two entries would be the same file on some file system. */
  | "entry_duplicate"
  /** More or fewer bytes than declared. */
  | "entry_size_mismatch"
  /** The bytes do not have the declared CRC-32. */
  | "entry_checksum_mismatch"
  /** The bytes do not have the SHA-256 that the manifest's `files` table gives. */
  | "entry_digest_mismatch"
  /** The manifest's `files` table names a file the archive lacks, or lacks one it holds. */
  | "entry_list_mismatch"
  | "manifest_invalid"
  | "manifest_too_large"
  /** A path field of the manifest leaves the archive. */
  | "manifest_path_outside"
  /** A file that the manifest names is not in the archive. */
  | "manifest_file_missing"
  /** The model's YAML is too large, not UTF-8, or not YAML. */
  | "config_invalid"
  /** Not a readable ONNX protobuf. */
  | "onnx_invalid"
  | "onnx_external_data_outside"
  | "onnx_external_data_missing"
  /** The folder to unpack into, or the file to write, exists already. */
  | "destination_exists"
  /** A model's name that no archive may have. */
  | "model_name_invalid"
  /** A setting of the packer outside its choices. */
  | "setting_invalid"
  /** The folder to write into is not a folder, or cannot be made. */
  | "export_path_invalid"
  /** A file to pack is not there. */
  | "input_not_found"
  /** A file to pack is a folder, a device, not readable, or clashes with another. */
  | "input_invalid"
  /** A handler is not TypeScript or JavaScript that compiles, or `--check` found a type error. */
  | "handler_invalid"
  /** A handler imports what cannot be found. */
  | "handler_import_unresolved"
  /** A handler imports native code or WebAssembly, which no bundle can hold. */
  | "handler_import_native"
  /** The types of a handler cannot be checked here. */
  | "handler_not_checked"
  /** A file to pack changed while it was packed. */
  | "input_changed"
  /** The archive could not be written: no space, no permission. */
  | "write_failed";

/**
 * A failure of reading or writing an archive that its caller may branch on.
 *
 * Knows no HTTP; a server maps {@linkcode ArchiveError.code} to its wire form.
 *
 * @example
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { ArchiveError } from "./errors.ts";
 *
 * const error = new ArchiveError("archive_not_found", 'Cannot open "a.mar": no such file');
 * strictEqual(error.code, "archive_not_found");
 * ```
 */
export class ArchiveError extends Error {
  override readonly name = "ArchiveError";
  readonly code: ArchiveErrorCode;

  constructor(code: ArchiveErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
