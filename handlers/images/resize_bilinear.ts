import type { Image } from "./image.ts";

export interface ImageSize {
  /** Pixels, at least 1. */
  readonly width: number;
  /** Pixels, at least 1. */
  readonly height: number;
}

/** Pillow's `PRECISION_BITS`: weights are whole numbers of 2^-22. */
const PRECISION_BITS = 22;

/**
 * Scales an image exactly as Pillow's `resize(size, BILINEAR)` does, for preprocessing that must match it.
 *
 * Scaling down averages over all source pixels (antialias), unlike bilinear sampling on a canvas. A side that
 * keeps its length is not resampled. Columns are computed first, rounded to bytes, then rows. Any number of
 * channels; colour is not converted.
 *
 * The arithmetic is that of Pillow's `libImaging/Resample.c`: a triangle of half width `max(scale, 1)`, weights
 * normalized in double and rounded to 2^-22, sums in whole numbers from one half on.
 *
 * @example Two pixels become their mean
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { resizeBilinear } from "./resize_bilinear.ts";
 *
 * const image = { width: 2, height: 1, channels: 1, data: Uint8Array.of(10, 21) };
 * deepStrictEqual([...resizeBilinear(image, { width: 1, height: 1 }).data], [16]);
 * ```
 *
 * @param image Not modified; the result may share its bytes when nothing has to be done.
 * @throws {RangeError} If a side of the new size is no whole number ≥ 1.
 */
export function resizeBilinear(image: Image, size: ImageSize): Image {
  for (const side of [size.width, size.height]) {
    if (!Number.isInteger(side) || side < 1) {
      throw new RangeError(`Cannot resize an image: expected sides of at least 1, found ${side}`);
    }
  }
  const wide = size.width === image.width ? image : resizeColumns(image, size.width);
  return size.height === wide.height ? wide : resizeRows(wide, size.height);
}

interface Weights {
  /** First source pixel of each new one. */
  readonly starts: Int32Array;
  /** How many source pixels each new one takes. */
  readonly counts: Int32Array;
  /** `stride` of them for each new pixel, the unused ones 0. */
  readonly values: Int32Array;
  readonly stride: number;
}

function computeWeights(from: number, to: number): Weights {
  const scale = from / to;
  const support = Math.max(scale, 1);
  const stride = Math.ceil(support) * 2 + 1;
  const starts = new Int32Array(to);
  const counts = new Int32Array(to);
  const values = new Int32Array(to * stride);
  const exact = new Float64Array(stride);
  const perPixel = 1 / support;
  for (let i = 0; i < to; i++) {
    const center = (i + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const count = Math.min(Math.trunc(center + support + 0.5), from) - start;
    let sum = 0;
    for (let k = 0; k < count; k++) {
      const distance = Math.abs((k + start - center + 0.5) * perPixel);
      sum += exact[k] = distance < 1 ? 1 - distance : 0;
    }
    for (let k = 0; k < count; k++) {
      const weight = sum === 0 ? exact[k]! : exact[k]! / sum;
      values[i * stride + k] = Math.trunc(0.5 + weight * (1 << PRECISION_BITS));
    }
    starts[i] = start;
    counts[i] = count;
  }
  return { starts, counts, values, stride };
}

/** Sums stay below 2^31: weights add up to 2^22 (within rounding) and bytes are below 2^8. */
function toByte(sum: number): number {
  const value = sum >> PRECISION_BITS;
  return value < 0 ? 0 : value > 255 ? 255 : value;
}

function resizeColumns({ width, height, channels, data }: Image, newWidth: number): Image {
  const { starts, counts, values, stride } = computeWeights(width, newWidth);
  const out = new Uint8Array(newWidth * height * channels);
  let at = 0;
  for (let y = 0; y < height; y++) {
    const row = y * width * channels;
    for (let x = 0; x < newWidth; x++) {
      const first = row + starts[x]! * channels;
      const count = counts[x]!, weights = x * stride;
      for (let c = 0; c < channels; c++) {
        let sum = 1 << (PRECISION_BITS - 1);
        for (let k = 0, from = first + c; k < count; k++, from += channels) {
          sum += data[from]! * values[weights + k]!;
        }
        out[at++] = toByte(sum);
      }
    }
  }
  return { width: newWidth, height, channels, data: out };
}

function resizeRows({ width, height, channels, data }: Image, newHeight: number): Image {
  const { starts, counts, values, stride } = computeWeights(height, newHeight);
  const rowLength = width * channels;
  const out = new Uint8Array(rowLength * newHeight);
  const sums = new Int32Array(rowLength);
  for (let y = 0; y < newHeight; y++) {
    sums.fill(1 << (PRECISION_BITS - 1));
    for (let k = 0; k < counts[y]!; k++) {
      const weight = values[y * stride + k]!;
      const from = (starts[y]! + k) * rowLength;
      for (let i = 0; i < rowLength; i++) sums[i]! += data[from + i]! * weight;
    }
    const at = y * rowLength;
    for (let i = 0; i < rowLength; i++) out[at + i] = toByte(sums[i]!);
  }
  return { width, height: newHeight, channels, data: out };
}
