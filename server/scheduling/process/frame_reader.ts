import { FrameError, parseHeader, PREFIX_BYTES, readFrameSizes, SegmentReader } from "./frame.ts";

/** Bytes that are read at once while no frame asks for more. */
const CHUNK_BYTES = 64 * 1024;

/** What a frame is read from: a connection, or a test's bytes. */
export interface ByteSource {
  /** Answers how many bytes it has put into `target`, `null` at the end. */
  read(target: Uint8Array): Promise<number | null>;
}

export interface ReadFramesOptions {
  /** What header and segments of a frame may have together; asked before each frame. */
  readonly maxFrameBytes: () => number;
  /** @param header Parsed JSON. */
  readonly onFrame: (header: unknown, segments: SegmentReader) => void;
}

/**
 * Reads frames to the end of their source, however its bytes come in pieces. A frame that is larger than
 * what is read at once gets a buffer of its size, so its bytes are read where they are needed.
 *
 * @throws {FrameError} If a frame is too large, no frame, or cut off; and whatever `onFrame` throws.
 */
export async function readFrames(source: ByteSource, options: ReadFramesOptions): Promise<void> {
  const { maxFrameBytes, onFrame } = options;
  let buffer = new Uint8Array(CHUNK_BYTES);
  let start = 0;
  let end = 0;
  for (;;) {
    let needed = PREFIX_BYTES;
    while (end - start >= PREFIX_BYTES) {
      const { headerBytes, segmentBytes } = readFrameSizes(buffer, start, maxFrameBytes());
      needed = PREFIX_BYTES + headerBytes + segmentBytes;
      if (end - start < needed) break;
      const segmentsStart = start + PREFIX_BYTES + headerBytes;
      const header = parseHeader(buffer.subarray(start + PREFIX_BYTES, segmentsStart));
      start += needed;
      onFrame(header, new SegmentReader(buffer.subarray(segmentsStart, start)));
      needed = PREFIX_BYTES;
    }
    if (start === end) {
      start = end = 0;
      if (buffer.length > CHUNK_BYTES) buffer = new Uint8Array(CHUNK_BYTES);
    } else if (start + needed > buffer.length) {
      const roomy = needed > buffer.length ? new Uint8Array(needed) : buffer;
      roomy.set(buffer.subarray(start, end));
      buffer = roomy;
      end -= start;
      start = 0;
    }
    const count = await source.read(buffer.subarray(end));
    if (count === null) {
      if (end > start) throw new FrameError("Cannot read a frame: the channel ended within it");
      return;
    }
    end += count;
  }
}
