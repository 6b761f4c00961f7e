import type { Image } from "./image.ts";
import type { ImageSize } from "./resize_bilinear.ts";

/**
 * Cuts the middle out of an image, as torchvision's `CenterCrop` does.
 *
 * The cut starts at half of what is left over, a half rounded to the even neighbour (16.5 → 16, 17.5 → 18), as
 * Python rounds. Nothing is padded: the image must be large enough.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { centerCrop } from "./center_crop.ts";
 *
 * const image = { width: 3, height: 1, channels: 1, data: Uint8Array.of(1, 2, 3) };
 * deepStrictEqual([...centerCrop(image, { width: 1, height: 1 }).data], [2]);
 * ```
 *
 * @throws {RangeError} If the image is smaller than the cut.
 */
export function centerCrop(image: Image, size: ImageSize): Image {
  const { channels, data } = image;
  if (image.width < size.width || image.height < size.height) {
    throw new RangeError(
      `Cannot crop an image: expected at least ${size.width} x ${size.height} pixels, ` +
        `found ${image.width} x ${image.height}`,
    );
  }
  const left = roundHalfEven((image.width - size.width) / 2);
  const top = roundHalfEven((image.height - size.height) / 2);
  const rowLength = size.width * channels;
  const out = new Uint8Array(rowLength * size.height);
  for (let y = 0; y < size.height; y++) {
    const from = ((top + y) * image.width + left) * channels;
    out.set(data.subarray(from, from + rowLength), y * rowLength);
  }
  return { width: size.width, height: size.height, channels, data: out };
}

function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  return value - floor === 0.5 ? floor + floor % 2 : Math.round(value);
}
