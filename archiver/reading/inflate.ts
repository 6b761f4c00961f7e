import { pipeline, Readable } from "node:stream";
import { createGunzip, createInflateRaw } from "node:zlib";
import { ArchiveError } from "../errors.ts";

/** Of the sizes from 64 KiB to 1 MiB the fastest. */
const CHUNK_BYTES = 256 * 1024;

/** How to undo one compression. */
export interface InflateOptions {
  readonly format: "deflate-raw" | "gzip";
  /** What is being inflated, for messages: `entry "a" of "m.mar"`. */
  readonly what: string;
  /** Compressed bytes that must all be used up; not checked unless given. */
  readonly packedSize?: number;
}

/**
 * Inflates on a thread of its own, a chunk ahead of the caller.
 *
 * Stopping early ends the source too.
 *
 * @throws {ArchiveError} `archive_truncated` if the data ends before its end mark,
 * `archive_corrupt` if it is not such data or something follows it.
 */
export async function* inflate(
  packed: AsyncIterable<Uint8Array<ArrayBuffer>>,
  options: InflateOptions,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const create = options.format === "gzip" ? createGunzip : createInflateRaw;
  const inflater = create({ chunkSize: CHUNK_BYTES });
  // The callback is needed to keep a failure from being thrown twice; the loop below throws it.
  const source = Readable.from(packed, { objectMode: false, highWaterMark: CHUNK_BYTES });
  const ended = new Promise<void>((resolve) => pipeline(source, inflater, () => resolve()));
  try {
    for await (const chunk of inflater) yield chunk;
  } catch (cause) {
    throw toArchiveError(cause, options);
  } finally {
    inflater.destroy();
    await ended;
  }
  if (options.packedSize !== undefined && inflater.bytesWritten !== options.packedSize) {
    throw new ArchiveError(
      "archive_corrupt",
      `Cannot inflate ${options.what}: expected ${options.packedSize} packed bytes, ` +
        `its data ends after ${inflater.bytesWritten}`,
    );
  }
}

function toArchiveError(cause: unknown, options: InflateOptions): unknown {
  const code = (cause as { code?: unknown })?.code;
  if (code === "Z_BUF_ERROR") {
    return new ArchiveError(
      "archive_truncated",
      `Cannot inflate ${options.what}: its data ends too early`,
      { cause },
    );
  }
  if (typeof code === "string" && code.startsWith("Z_")) {
    return new ArchiveError(
      "archive_corrupt",
      `Cannot inflate ${options.what}: its data is not valid ${options.format}`,
      { cause },
    );
  }
  return cause;
}
