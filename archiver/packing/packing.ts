import { createHash } from "node:crypto";
import { ArchiveError } from "../errors.ts";
import { type InputFile, toInputError } from "./input_file.ts";
import type { ManifestFile } from "../manifest.ts";
import type { GenerateModelArchiveOptions } from "../model_archiver_config.ts";

/** One file as an archive writer takes it. */
export interface PackedEntry {
  /** Path in the archive. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly modifiedSec: number;
  readonly isExecutable: boolean;
  /**
   * The content, once; exactly `sizeBytes`. A piece's buffer is used again: it must have been
   * read before the consumer asks for the next piece but one.
   */
  readonly pieces: AsyncIterable<Uint8Array<ArrayBuffer>>;
}

/** What every archive format is to the packer. */
export interface ArchiveWriter {
  /** Writes one file; entries come one after another. */
  add(entry: PackedEntry): Promise<void>;
  /** Completes the archive and flushes it to disk. */
  finish(): Promise<void>;
  /** Lets go of everything, complete or not. */
  dispose(): Promise<void>;
}

/** Large enough for the disk, small enough that a signal or a bar need not wait. */
export const PIECE_BYTES = 1024 * 1024;

/**
 * Reads one input in pieces, and hashes it on the way.
 *
 * While the consumer works on a piece the next one is being read.
 *
 * @param file The input, as it was when it was listed.
 * @param onDigest Called once after the last piece.
 * @throws {ArchiveError} `input_changed` if the file is not the one that was listed any more.
 */
export async function* readPieces(
  file: InputFile,
  options: Pick<GenerateModelArchiveOptions, "onProgress" | "signal">,
  onDigest: (digest: ManifestFile) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const hash = createHash("sha256");
  if (file.bytes) {
    options.signal?.throwIfAborted();
    yield file.bytes;
    onDigest({ size: file.sizeBytes, sha256: hash.update(file.bytes).digest("hex") });
    return;
  }
  const source = await Deno.open(file.path).catch((cause) => {
    throw toInputError("file", file.path, cause);
  });
  let pending: Promise<number | null> | undefined;
  try {
    let doneBytes = 0;
    // One buffer is read into, one is with the consumer, one may still be on its way to the disk.
    const buffers = [0, 1, 2].map(() =>
      new Uint8Array(Math.min(PIECE_BYTES, Math.max(file.sizeBytes, 1)))
    );
    pending = source.read(buffers[0]!);
    for (let turn = 0;; turn++) {
      const count = await pending.catch((cause) => {
        throw toInputError("file", file.path, cause);
      });
      pending = undefined;
      options.signal?.throwIfAborted();
      if (count === null) break;
      const piece = buffers[turn % 3]!.subarray(0, count);
      pending = source.read(buffers[(turn + 1) % 3]!);
      doneBytes += count;
      if (doneBytes > file.sizeBytes) throw changedError(file);
      hash.update(piece);
      options.onProgress?.({ fileName: file.name, doneBytes, totalBytes: file.sizeBytes });
      yield piece;
    }
    const { mtime } = await source.stat();
    if (doneBytes !== file.sizeBytes || (mtime?.getTime() ?? 0) !== file.modifiedMs) {
      throw changedError(file);
    }
    onDigest({ size: doneBytes, sha256: hash.digest("hex") });
  } finally {
    await pending?.catch(() => {});
    source.close();
  }
}

function changedError(file: InputFile): ArchiveError {
  return new ArchiveError(
    "input_changed",
    `Cannot pack "${file.path}": it changed while it was packed, run the command again`,
  );
}
