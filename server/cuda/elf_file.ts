/** What the system's loader reads of a shared library before it loads it: nothing is run here. */

/** The dynamic section of one shared library, as far as finding other libraries needs it. */
export interface ElfLibrary {
  /** `e_machine`: 62 is x86-64, 183 is 64-bit ARM. */
  readonly machine: number;
  /** The name by which others ask for it; absent: its file's name. */
  readonly soname?: string;
  /** Names of the libraries that it needs, in its order. */
  readonly needed: readonly string[];
  /** Folders in which it looks for them, `$ORIGIN` among them as it stands there. */
  readonly runPath: readonly string[];
}

/** Bytes of a file, from any place in it; fewer than asked for at its end. */
export type ReadAt = (offset: number, length: number) => Uint8Array;

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_STRSZ = 10;
const DT_SONAME = 14;
const DT_RPATH = 15;
const DT_RUNPATH = 29;

const HEADER_BYTES = 64;
const PROGRAM_HEADER_BYTES = 56;
const DYNAMIC_ENTRY_BYTES = 16;
/** Real ones have a few hundred bytes and a few hundred kilobytes. */
const MAX_DYNAMIC_BYTES = 1 << 16;
const MAX_STRINGS_BYTES = 1 << 26;

interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly sizeBytes: number;
}

/**
 * Reads what a shared library says of itself and of the libraries that it needs.
 *
 * Only 64-bit little-endian files are read: every system that Marina runs on has those. Numbers and names
 * are as in the
 * [System V ABI](https://refspecs.linuxfoundation.org/elf/gabi4+/ch5.dynamic.html).
 *
 * @throws {SyntaxError} If the bytes are no such file, or are cut short.
 */
export function parseElf(read: ReadAt): ElfLibrary {
  const header = toView(read(0, HEADER_BYTES), HEADER_BYTES);
  const isElf = header.getUint32(0) === 0x7f454c46;
  const [wordClass, order] = [header.getUint8(4), header.getUint8(5)];
  if (!isElf) throw new SyntaxError("no ELF file");
  if (wordClass !== 2 || order !== 1) throw new SyntaxError("no 64-bit little-endian ELF file");
  const segments = readSegments(read, header);
  const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
  const machine = header.getUint16(18, true);
  if (dynamic === undefined) return { machine, needed: [], runPath: [] };
  const entries = readDynamic(read, dynamic);
  const valueOf = (tag: number): number | undefined => entries.find(([own]) => own === tag)?.[1];
  const strings = readStrings(read, segments, valueOf(DT_STRTAB), valueOf(DT_STRSZ));
  const textOf = (tag: number): string | undefined => {
    const at = valueOf(tag);
    return at === undefined ? undefined : toText(strings, at);
  };
  const runPath = textOf(DT_RUNPATH) ?? textOf(DT_RPATH) ?? "";
  return {
    machine,
    soname: textOf(DT_SONAME),
    needed: entries.filter(([tag]) => tag === DT_NEEDED).map(([, at]) => toText(strings, at)),
    runPath: runPath.split(":").filter((folder) => folder !== ""),
  };
}

/**
 * {@linkcode parseElf} of a file; a large one is not read as a whole.
 *
 * @throws {SyntaxError} If it is no 64-bit shared library.
 * @throws {Deno.errors.NotFound} If there is no such file.
 */
export function readElf(path: string): ElfLibrary {
  using file = Deno.openSync(path);
  return parseElf((offset, length) => {
    file.seekSync(offset, Deno.SeekMode.Start);
    const bytes = new Uint8Array(length);
    let filled = 0;
    while (filled < length) {
      const count = file.readSync(bytes.subarray(filled));
      if (count === null) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  });
}

function readSegments(read: ReadAt, header: DataView): Segment[] {
  const [offset, count] = [toNumber(header, 32), header.getUint16(56, true)];
  const table = toView(read(offset, count * PROGRAM_HEADER_BYTES), count * PROGRAM_HEADER_BYTES);
  return Array.from({ length: count }, (_, index) => {
    const at = index * PROGRAM_HEADER_BYTES;
    return {
      type: table.getUint32(at, true),
      offset: toNumber(table, at + 8),
      address: toNumber(table, at + 16),
      sizeBytes: toNumber(table, at + 32),
    };
  });
}

function readDynamic(read: ReadAt, { offset, sizeBytes }: Segment): [tag: number, value: number][] {
  const length = Math.min(sizeBytes, MAX_DYNAMIC_BYTES);
  const table = toView(read(offset, length), length);
  const entries: [number, number][] = [];
  for (let at = 0; at + DYNAMIC_ENTRY_BYTES <= length; at += DYNAMIC_ENTRY_BYTES) {
    const tag = toNumber(table, at);
    if (tag === 0) break;
    entries.push([tag, toNumber(table, at + 8)]);
  }
  return entries;
}

/** The table's place is an address in memory: the segment that is loaded there tells the place in the file. */
function readStrings(
  read: ReadAt,
  segments: readonly Segment[],
  address: number | undefined,
  sizeBytes = 0,
): Uint8Array {
  const home = segments.find((segment) =>
    segment.type === PT_LOAD && address !== undefined && address >= segment.address &&
    address < segment.address + segment.sizeBytes
  );
  if (home === undefined || address === undefined || sizeBytes > MAX_STRINGS_BYTES) {
    throw new SyntaxError("no ELF file with a table of names");
  }
  return read(home.offset + address - home.address, sizeBytes);
}

function toText(strings: Uint8Array, at: number): string {
  const end = strings.indexOf(0, at);
  if (at >= strings.length || end < 0) throw new SyntaxError("an ELF file that is cut short");
  return new TextDecoder().decode(strings.subarray(at, end));
}

function toView(bytes: Uint8Array, length: number): DataView {
  if (bytes.byteLength < length) throw new SyntaxError("an ELF file that is cut short");
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** Beyond 2 ** 53 a place is in no file. */
function toNumber(view: DataView, at: number): number {
  return Number(view.getBigUint64(at, true));
}
