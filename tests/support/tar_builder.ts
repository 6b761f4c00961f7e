/** Builds gzipped tars block by block, with any type and any lie in a header. */
import { gzipSync } from "node:zlib";
import { concat, toBytes } from "./zip_builder.ts";

/** One header and its content; what is not given is true. */
export interface TarEntryRecipe {
  readonly name: string;
  readonly data?: string | Uint8Array;
  /** `0` a file unless given; `1` hard link, `2` symbolic link, `3`–`6` devices, folder, pipe. */
  readonly type?: string;
  readonly linkName?: string;
  readonly size?: number;
  readonly mode?: number;
  readonly checksum?: number;
  /** The `ustar` form's first part of a long path. */
  readonly prefix?: string;
  /** `ustar  ` of GNU instead of POSIX's `ustar`. */
  readonly isGnu?: boolean;
}

/** An uncompressed tar with its two closing blocks, unless these are to be missing. */
export function buildTar(
  entries: readonly TarEntryRecipe[],
  options: { readonly hasEnd?: boolean } = {},
): Uint8Array<ArrayBuffer> {
  const blocks = entries.flatMap((entry) => {
    const data = toBytes(entry.data ?? "");
    return [buildHeader(entry, data.length), data, new Uint8Array((512 - data.length % 512) % 512)];
  });
  if (options.hasEnd ?? true) blocks.push(new Uint8Array(1024));
  return concat(blocks);
}

export function buildTgz(entries: readonly TarEntryRecipe[]): Uint8Array<ArrayBuffer> {
  return gzip(buildTar(entries));
}

export function gzip(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(bytes));
}

/** A PAX record before the entry that it describes, as Python writes it. */
export function paxRecord(
  records: Readonly<Record<string, string>>,
  type: "x" | "g" = "x",
): TarEntryRecipe {
  const lines = Object.entries(records).map(([key, value]) => {
    const rest = toBytes(` ${key}=${value}\n`).length;
    let length = rest + 1;
    while (String(length).length + rest !== length) length++;
    return `${length} ${key}=${value}\n`;
  });
  return { name: "././@PaxHeader", type, data: lines.join("") };
}

function buildHeader(entry: TarEntryRecipe, dataLength: number): Uint8Array {
  const header = new Uint8Array(512);
  const put = (at: number, text: string) => header.set(toBytes(text), at);
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0") + "\0";
  put(0, entry.name);
  put(100, octal(entry.mode ?? 0o644, 7));
  put(108, octal(0, 7));
  put(116, octal(0, 7));
  put(124, octal(entry.size ?? dataLength, 11));
  put(136, octal(0, 11));
  put(148, " ".repeat(8));
  put(156, entry.type ?? "0");
  put(157, entry.linkName ?? "");
  put(257, entry.isGnu ? "ustar  \0" : "ustar\x0000");
  put(345, entry.prefix ?? "");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, (entry.checksum ?? sum).toString(8).padStart(6, "0") + "\0 ");
  return header;
}
