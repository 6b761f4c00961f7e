const ZIP64_ID = 0x0001;
const IS_IN_ZIP64_32 = 0xffffffff;
const IS_IN_ZIP64_16 = 0xffff;

/** The fields of a zip header that may be too small for what they say. */
interface ZipSizes {
  readonly size: number;
  readonly packedSize: number;
  readonly localStart?: number;
  readonly disk?: number;
}

/**
 * Fills in the sizes that a header leaves to its zip64 extra field.
 *
 * @param extra The whole extra field.
 * @param sizes As the header gives them, all bits set where the extra field has the value.
 * @returns Nothing if the extra field is malformed, lacks a needed value, or has
 * one that is not exact as a number.
 */
export function parseZip64Sizes<T extends ZipSizes>(extra: Uint8Array, sizes: T): T | undefined {
  const view = new DataView(extra.buffer, extra.byteOffset, extra.byteLength);
  let zip64: DataView | undefined;
  for (let at = 0; at + 4 <= extra.length;) {
    const length = view.getUint16(at + 2, true);
    if (at + 4 + length > extra.length) return undefined;
    if (view.getUint16(at, true) === ZIP64_ID) {
      if (zip64) return undefined;
      zip64 = new DataView(extra.buffer, extra.byteOffset + at + 4, length);
    }
    at += 4 + length;
  }
  let at = 0;
  const take = (bytes: 4 | 8): number => {
    if (!zip64 || at + bytes > zip64.byteLength) return NaN;
    const value = bytes === 8 ? Number(zip64.getBigUint64(at, true)) : zip64.getUint32(at, true);
    at += bytes;
    return value;
  };
  const size = sizes.size === IS_IN_ZIP64_32 ? take(8) : sizes.size;
  const packedSize = sizes.packedSize === IS_IN_ZIP64_32 ? take(8) : sizes.packedSize;
  const localStart = sizes.localStart === IS_IN_ZIP64_32 ? take(8) : sizes.localStart ?? 0;
  const disk = sizes.disk === IS_IN_ZIP64_16 ? take(4) : sizes.disk ?? 0;
  if (![size, packedSize, localStart, disk].every(Number.isSafeInteger)) return undefined;
  return { ...sizes, size, packedSize, localStart, disk };
}
