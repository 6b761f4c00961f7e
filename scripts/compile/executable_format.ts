import type { Target } from "./targets.ts";

const ELF = 0x7f454c46;
const MACH_O_64 = 0xcffaedfe;
const PE_SIGNATURE = 0x50450000;

/**
 * The platform that an executable is for, read from its first bytes; `undefined` for any other file.
 *
 * @param head At least its first 4 KB.
 */
export function readExecutablePlatform(
  head: Uint8Array,
): Pick<Target, "platform" | "arch"> | undefined {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  if (view.byteLength < 64) return undefined;
  const magic = view.getUint32(0);
  if (magic === ELF) {
    return toPlatform("linux", { 0x3e: "x64", 0xb7: "arm64" }, view.getUint16(18, true));
  }
  if (magic === MACH_O_64) {
    const cpus = { 0x01000007: "x64", 0x0100000c: "arm64" } as const;
    return toPlatform("darwin", cpus, view.getUint32(4, true));
  }
  const header = view.getUint32(0x3c, true);
  if (view.getUint16(0) !== 0x4d5a || header + 6 > view.byteLength) return undefined;
  if (view.getUint32(header) !== PE_SIGNATURE) return undefined;
  return toPlatform("win32", { 0x8664: "x64", 0xaa64: "arm64" }, view.getUint16(header + 4, true));
}

function toPlatform(
  platform: Target["platform"],
  archByMachine: Readonly<Record<number, Target["arch"]>>,
  machine: number,
): Pick<Target, "platform" | "arch"> | undefined {
  const arch = archByMachine[machine];
  return arch === undefined ? undefined : { platform, arch };
}
