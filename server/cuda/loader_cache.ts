/** The index of libraries that `ldconfig` keeps for the system's loader. */

const MAGIC = "glibc-ld.so.cache1.1";
const HEADER_BYTES = 48;
const ENTRY_BYTES = 24;

/**
 * Reads `/etc/ld.so.cache`: the paths of each library by the name that others ask for, in the loader's order.
 *
 * The form is that of
 * [glibc 2.2 and later](https://sourceware.org/git/?p=glibc.git;a=blob;f=sysdeps/generic/dl-cache.h); bytes
 * in any other form hold nothing that can be read, as on systems with another C library.
 */
export function parseLoaderCache(bytes: Uint8Array): ReadonlyMap<string, readonly string[]> {
  const paths = new Map<string, string[]>();
  const start = findMagic(bytes);
  if (start === undefined) return paths;
  const cache = bytes.subarray(start);
  const view = new DataView(cache.buffer, cache.byteOffset, cache.byteLength);
  const count = view.getUint32(20, true);
  for (let index = 0; index < count; index++) {
    const at = HEADER_BYTES + index * ENTRY_BYTES;
    if (at + ENTRY_BYTES > cache.byteLength) break;
    const name = toText(cache, view.getUint32(at + 4, true));
    const path = toText(cache, view.getUint32(at + 8, true));
    const known = paths.get(name);
    if (known === undefined) paths.set(name, [path]);
    else known.push(path);
  }
  return paths;
}

/** Older systems put an index of another form before this one, which starts at a multiple of 8. */
function findMagic(bytes: Uint8Array): number | undefined {
  const magic = new TextEncoder().encode(MAGIC);
  for (let start = 0; start + HEADER_BYTES <= bytes.byteLength; start += 8) {
    if (magic.every((byte, index) => bytes[start + index] === byte)) return start;
  }
  return undefined;
}

function toText(bytes: Uint8Array, at: number): string {
  const end = bytes.indexOf(0, at);
  return new TextDecoder().decode(bytes.subarray(at, end < 0 ? bytes.byteLength : end));
}
