// Offsets are those of POSIX.1-2017 pax, "ustar Interchange Format", and of GNU tar.

export const TAR_BLOCK_BYTES = 512;

/** One 512-byte header; of what it says only what unpacking needs. */
export interface TarHeader {
  readonly name: string;
  readonly size: number;
  /** `0` file, `5` folder, `x` and `g` PAX, `L` and `K` GNU long names; all others are refused. */
  readonly type: string;
}

/**
 * Reads one header block.
 *
 * @param block 512 bytes, not all zero.
 * @returns What is wrong with it, as a text, or the header.
 */
export function parseTarHeader(block: Uint8Array): TarHeader | string {
  const checksum = parseNumber(block.subarray(148, 156));
  let sum = 8 * 0x20;
  for (let i = 0; i < TAR_BLOCK_BYTES; i++) if (i < 148 || i >= 156) sum += block[i]!;
  if (checksum !== sum) return "a header's checksum is wrong";
  const size = parseNumber(block.subarray(124, 136));
  if (size === undefined) return "a header's size is not a number";
  const magic = latin1(block.subarray(257, 263));
  const name = decode(untilNul(block.subarray(0, 100)));
  const isPosix = magic === "ustar\0";
  const prefix = isPosix ? decode(untilNul(block.subarray(345, 500))) : "";
  if (name === undefined || prefix === undefined) return "a name is not UTF-8";
  const type = String.fromCharCode(block[156]!);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    size,
    type: type === "\0" || type === "7" ? "0" : type,
  };
}

/** Whether a block is all zero: two of them end a tar. */
export function isZeroBlock(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

/** A GNU long name's text, or nothing if it is not UTF-8. */
export function parseLongName(content: Uint8Array): string | undefined {
  return decode(untilNul(content));
}

/**
 * Reads PAX records: lines of `<length> <key>=<value>\n`.
 *
 * @returns Nothing if they are malformed.
 */
export function parsePaxRecords(content: Uint8Array): ReadonlyMap<string, string> | undefined {
  const records = new Map<string, string>();
  for (let at = 0; at < content.length;) {
    const space = content.indexOf(0x20, at);
    if (space < 0 || space - at > 10) return undefined;
    const digits = latin1(content.subarray(at, space));
    if (!/^[1-9][0-9]*$/.test(digits)) return undefined;
    const end = at + Number(digits);
    if (end > content.length || content[end - 1] !== 0x0a) return undefined;
    const equals = content.indexOf(0x3d, space);
    if (equals < 0 || equals >= end) return undefined;
    const key = decode(content.subarray(space + 1, equals));
    const value = decode(content.subarray(equals + 1, end - 1));
    if (key === undefined || value === undefined) return undefined;
    records.set(key, value);
    at = end;
  }
  return records;
}

/** Octal digits, or, with the first bit set, a big-endian number. */
function parseNumber(field: Uint8Array): number | undefined {
  if (field[0]! & 0x80) {
    if (field[0] !== 0x80) return undefined;
    const value = field.subarray(1).reduce((total, byte) => total * 256 + byte, 0);
    return Number.isSafeInteger(value) ? value : undefined;
  }
  const text = latin1(untilNul(field)).trim();
  if (text === "") return 0;
  return /^[0-7]+$/.test(text) ? parseInt(text, 8) : undefined;
}

function untilNul(bytes: Uint8Array): Uint8Array {
  const end = bytes.indexOf(0);
  return end < 0 ? bytes : bytes.subarray(0, end);
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function latin1(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
