import { ArchiveError } from "../errors.ts";

/** One file that goes into the archive. */
export interface InputFile {
  /** Its path in the archive, parts separated by `/`. */
  readonly name: string;
  /** Where it lies, as the user named it. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly isExecutable: boolean;
  /** The content, where it was made and is in no file; `path` then says of what. */
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

const EXECUTABLE_BITS = 0o111;

/**
 * Looks at a file that the user named.
 *
 * @param kind What the file is to the user: `serialized file`.
 * @throws {ArchiveError} `input_not_found` or `input_invalid`.
 */
export async function readInputFile(kind: string, path: string, name: string): Promise<InputFile> {
  let info: Deno.FileInfo;
  try {
    info = await Deno.stat(path);
  } catch (cause) {
    throw toInputError(kind, path, cause);
  }
  return toInputFile(kind, path, name, info);
}

/** As {@linkcode readInputFile}, for a file that was looked at already. */
export function toInputFile(
  kind: string,
  path: string,
  name: string,
  info: Deno.FileInfo,
): InputFile {
  if (!info.isFile) {
    const found = info.isDirectory ? "a folder" : "a device, pipe or socket";
    throw new ArchiveError(
      "input_invalid",
      `Cannot pack ${kind} "${path}": it must be a file, found ${found}`,
    );
  }
  return {
    name,
    path,
    sizeBytes: info.size,
    modifiedMs: info.mtime?.getTime() ?? 0,
    isExecutable: ((info.mode ?? 0) & EXECUTABLE_BITS) !== 0,
  };
}

/** Turns what the file system threw into the error that the user reads. */
export function toInputError(kind: string, path: string, cause: unknown): ArchiveError {
  if (isNotFound(cause)) {
    const message = `Cannot pack ${kind} "${path}": the file does not exist`;
    return new ArchiveError("input_not_found", message, { cause });
  }
  const reason = cause instanceof Deno.errors.PermissionDenied
    ? "permission to read it is denied"
    : "it cannot be read";
  return new ArchiveError("input_invalid", `Cannot pack ${kind} "${path}": ${reason}`, { cause });
}

/** `a.onnx/b` is as absent as `b`. */
export function isNotFound(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound || error instanceof Deno.errors.NotADirectory;
}
