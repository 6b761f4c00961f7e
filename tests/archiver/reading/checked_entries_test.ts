import { equal, rejects } from "node:assert/strict";
import type { ArchiveSource } from "../../../archiver/reading/archive_source.ts";
import { checkedEntries } from "../../../archiver/reading/checked_entries.ts";

Deno.test("checkedEntries() stops an entry without end at the first byte too many", async () => {
  let chunkCount = 0;
  const source: ArchiveSource = {
    kind: "zip",
    path: "bomb.mar",
    packedBytes: 100,
    async *entries() {
      yield {
        name: "bomb",
        type: "file",
        size: 25,
        async *chunks() {
          for (;;) {
            chunkCount++;
            yield await Promise.resolve(new Uint8Array(10));
          }
        },
      };
      await Promise.resolve();
    },
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
  const limits = { maxUnpackedBytes: 1000, maxEntries: 10 };
  const reading = async () => {
    for await (const entry of checkedEntries(source, limits)) {
      for await (const _ of entry.chunks());
    }
  };
  await rejects(reading(), {
    code: "entry_size_mismatch",
    message: 'Cannot read entry "bomb" of "bomb.mar": expected 25 bytes, found more',
  });
  equal(chunkCount, 3);
});
