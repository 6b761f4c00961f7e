/** Builds the smallest shared libraries that a loader could read the needs of. */

export interface ElfParts {
  /** 62, x86-64, unless given. */
  readonly machine?: number;
  readonly soname?: string;
  readonly needed?: readonly string[];
  readonly runPath?: string;
}

const HEADERS_BYTES = 64 + 2 * 56;
/** Where the file's bytes would be in memory: so that an address is no place in the file. */
const BASE_ADDRESS = 0x40_0000;

/** Bytes of a library with one segment that is loaded, and a dynamic section in it. */
export function buildElf({ machine = 62, soname, needed = [], runPath }: ElfParts): Uint8Array {
  let strings = "\0";
  const place = (text: string): bigint => {
    strings += `${text}\0`;
    return BigInt(strings.length - text.length - 1);
  };
  const entries: [bigint, bigint][] = needed.map((name) => [1n, place(name)]);
  if (soname !== undefined) entries.push([14n, place(soname)]);
  if (runPath !== undefined) entries.push([29n, place(runPath)]);
  const dynamicBytes = (entries.length + 3) * 16;
  const stringsAt = HEADERS_BYTES + dynamicBytes;
  entries.push([5n, BigInt(BASE_ADDRESS + stringsAt)], [10n, BigInt(strings.length)], [0n, 0n]);

  const bytes = new Uint8Array(stringsAt + strings.length);
  const view = new DataView(bytes.buffer);
  const set64 = (at: number, value: number | bigint) => view.setBigUint64(at, BigInt(value), true);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  view.setUint16(16, 3, true);
  view.setUint16(18, machine, true);
  set64(32, 64);
  view.setUint16(56, 2, true);
  for (
    const [index, type, offset, size] of [[0, 1, 0, bytes.length], [
      1,
      2,
      HEADERS_BYTES,
      dynamicBytes,
    ]] as const
  ) {
    const at = 64 + index * 56;
    view.setUint32(at, type, true);
    set64(at + 8, offset);
    set64(at + 16, BASE_ADDRESS + offset);
    set64(at + 32, size);
  }
  entries.forEach(([tag, value], index) => {
    set64(HEADERS_BYTES + index * 16, tag);
    set64(HEADERS_BYTES + index * 16 + 8, value);
  });
  bytes.set(new TextEncoder().encode(strings), stringsAt);
  return bytes;
}

/** An `ld.so.cache` of these names and paths. */
export function buildLoaderCache(
  libraries: readonly (readonly [name: string, path: string])[],
): Uint8Array {
  const headBytes = 48 + libraries.length * 24;
  let strings = "";
  const place = (text: string): number => {
    strings += `${text}\0`;
    return headBytes + strings.length - text.length - 1;
  };
  const places = libraries.map(([name, path]) => [place(name), place(path)] as const);
  const bytes = new Uint8Array(headBytes + strings.length);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode("glibc-ld.so.cache1.1"));
  view.setUint32(20, libraries.length, true);
  view.setUint32(24, strings.length, true);
  places.forEach(([name, path], index) => {
    view.setUint32(48 + index * 24, 0x0303, true);
    view.setUint32(48 + index * 24 + 4, name, true);
    view.setUint32(48 + index * 24 + 8, path, true);
  });
  bytes.set(new TextEncoder().encode(strings), headBytes);
  return bytes;
}
