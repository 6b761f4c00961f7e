/**
 * How one message of `../protocol.ts` stands in a stream of bytes.
 *
 * | bytes | content |
 * | --- | --- |
 * | 4 | bytes of the header, little-endian |
 * | 8 | bytes of all segments, little-endian |
 * | … | the header: the message as JSON in UTF-8, each byte array replaced by its length |
 * | … | the byte arrays, as they are, in the order of the header |
 */

/** Bytes before the header. */
export const PREFIX_BYTES = 12;

/** Bytes that a header may have: logs, metrics and the headers of answers are in it. */
export const MAX_HEADER_BYTES = 64 * 1024 * 1024;

const UINT32_RANGE = 2 ** 32;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A message taken apart: what is text, and what is not. */
export interface Frame {
  /** JSON. */
  readonly header: string;
  readonly segments: readonly Uint8Array<ArrayBuffer>[];
}

/** The sizes that a frame's prefix tells. */
export interface FrameSizes {
  readonly headerBytes: number;
  readonly segmentBytes: number;
}

/** What came over the channel is no frame; the channel cannot be read any further. */
export class FrameError extends Error {
  override readonly name = "FrameError";
}

/** An upper limit of the bytes of the frame, cheap to tell. */
export function estimateFrameBytes({ header, segments }: Frame): number {
  return PREFIX_BYTES + 3 * header.length + sumBytes(segments);
}

/**
 * Writes prefix and header into `target`, which has room for {@linkcode estimateFrameBytes}.
 *
 * @returns Where the header ends.
 */
export function writeFrameHead(frame: Frame, target: Uint8Array, offset: number): number {
  const { written } = encoder.encodeInto(frame.header, target.subarray(offset + PREFIX_BYTES));
  const segmentBytes = sumBytes(frame.segments);
  writeUint32(target, offset, written);
  writeUint32(target, offset + 4, segmentBytes % UINT32_RANGE);
  writeUint32(target, offset + 8, Math.floor(segmentBytes / UINT32_RANGE));
  return offset + PREFIX_BYTES + written;
}

/**
 * Reads a prefix.
 *
 * @param maxFrameBytes What header and segments may have together.
 * @throws {FrameError} If the frame would be larger.
 */
export function readFrameSizes(
  bytes: Uint8Array,
  offset: number,
  maxFrameBytes: number,
): FrameSizes {
  const headerBytes = readUint32(bytes, offset);
  const segmentBytes = readUint32(bytes, offset + 4) + readUint32(bytes, offset + 8) * UINT32_RANGE;
  if (headerBytes > MAX_HEADER_BYTES || headerBytes + segmentBytes > maxFrameBytes) {
    throw new FrameError(
      `Cannot read a frame: at most ${maxFrameBytes} bytes are expected, it announces ${
        headerBytes + segmentBytes
      }`,
    );
  }
  return { headerBytes, segmentBytes };
}

/** The header's JSON, parsed. */
export function parseHeader(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (cause) {
    throw new FrameError("Cannot read a frame: its header must be JSON", { cause });
  }
}

/** Hands out the segments of one frame, in order, each with a buffer of its own. */
export class SegmentReader {
  readonly #bytes: Uint8Array<ArrayBuffer>;
  #offset = 0;

  constructor(bytes: Uint8Array<ArrayBuffer>) {
    this.#bytes = bytes;
  }

  /** @throws {FrameError} If fewer than `length` bytes are left, or it is no length. */
  take(length: unknown): Uint8Array<ArrayBuffer> {
    const left = this.#bytes.length - this.#offset;
    if (!Number.isSafeInteger(length) || (length as number) < 0 || (length as number) > left) {
      throw new FrameError(
        `Cannot read a frame: its header names a segment of ${length} bytes, ${left} are left`,
      );
    }
    const start = this.#offset;
    this.#offset += length as number;
    return this.#bytes.slice(start, this.#offset);
  }
}

export function sumBytes(segments: readonly Uint8Array[]): number {
  let sum = 0;
  for (const { byteLength } of segments) sum += byteLength;
  return sum;
}

function writeUint32(bytes: Uint8Array, offset: number, value: number): void {
  bytes[offset] = value;
  bytes[offset + 1] = value >>> 8;
  bytes[offset + 2] = value >>> 16;
  bytes[offset + 3] = value >>> 24;
}

function readUint32(bytes: Uint8Array, offset: number): number {
  return (bytes[offset]! | bytes[offset + 1]! << 8 | bytes[offset + 2]! << 16 |
    bytes[offset + 3]! << 24) >>> 0;
}
