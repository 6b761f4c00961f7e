import type { Hash } from "node:crypto";

/** Hashes the very bytes that pass, so that nothing can change between proof and use. */
export async function* hashedChunks(
  chunks: AsyncIterable<Uint8Array<ArrayBuffer>>,
  hash: Hash,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  for await (const chunk of chunks) {
    hash.update(chunk);
    yield chunk;
  }
}
