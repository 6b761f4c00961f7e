/** glibc's `mallopt` parameter for the size from which a block gets pages of its own. */
const M_MMAP_THRESHOLD = -3;

/**
 * Bytes from which a freed block goes back to the system at once. A layer of a large model is above it,
 * what a request allocates over and over is below it.
 */
const LARGE_BLOCK_BYTES = 1024 * 1024;

/**
 * Makes the process give large freed blocks back to the system, for servers that start and stop models.
 *
 * glibc raises its own limit to the largest block that was ever freed, up to 32 MiB, and keeps smaller
 * ones for later: after 100 rounds of starting and stopping a model of 20 MB, 190 MB instead of 108 MB
 * were in use with no worker left. Other C libraries, and a process that may not call native code, stay
 * as they are.
 *
 * The parameter and its number are those of
 * [mallopt(3)](https://man7.org/linux/man-pages/man3/mallopt.3.html).
 *
 * @returns Whether the C library took the setting.
 */
export function returnLargeBlocks(): boolean {
  if (Deno.build.os !== "linux") return false;
  if (Deno.permissions.querySync({ name: "ffi" }).state !== "granted") return false;
  try {
    const library = Deno.dlopen("libc.so.6", {
      mallopt: { parameters: ["i32", "i32"], result: "i32" },
    });
    const isTaken = library.symbols.mallopt(M_MMAP_THRESHOLD, LARGE_BLOCK_BYTES) === 1;
    library.close();
    return isTaken;
  } catch {
    return false;
  }
}
