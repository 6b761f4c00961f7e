import type { Tensor } from "../tensor.ts";
import type { Image } from "./image.ts";

export interface ImageTensorOptions {
  /** Of each channel, in units of 0–1; ImageNet's unless given. */
  readonly mean?: readonly number[];
  /** Of each channel, above 0; ImageNet's unless given. */
  readonly std?: readonly number[];
}

const IMAGENET_MEAN = [0.485, 0.456, 0.406] as const;
const IMAGENET_STD = [0.229, 0.224, 0.225] as const;

/**
 * Turns one decoded image into the tensor an ImageNet classifier expects.
 *
 * The image is neither resized nor cropped here; do that first. Each byte is scaled to 0–1, then standardized
 * with its channel's mean and deviation, each step rounded to float32.
 *
 * | | shape | layout | type | range |
 * | --- | --- | --- | --- | --- |
 * | in | `[H, W, C]` | interleaved | `uint8` | 0–255 |
 * | out | `[1, C, H, W]` | planar, red plane first | `float32` | −2.12 to 2.64 |
 *
 * One allocation of `4 × C × H × W` bytes (602 kB for RGB at 224 × 224). `image` is not modified.
 *
 * The constants and the order of operations are torchvision's `ToTensor` and `Normalize` as TorchServe's
 * [image classifier](https://github.com/pytorch/serve/blob/master/ts/torch_handler/image_classifier.py)
 * applies them.
 *
 * @example A single red pixel
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { toImageTensor } from "./image_tensor.ts";
 *
 * const red = { height: 1, width: 1, channels: 3, data: Uint8Array.of(255, 0, 0) };
 * const tensor = toImageTensor(red);
 *
 * strictEqual(tensor.shape.join(), "1,3,1,1");
 * strictEqual(tensor.data[0]?.toFixed(3), "2.249");
 * ```
 *
 * @throws {RangeError} If `image.data` does not hold `height × width × channels` bytes, or there is not one
 * mean and one deviation above 0 for each channel.
 */
export function toImageTensor(
  image: Image,
  options: ImageTensorOptions = {},
): Tensor & { readonly data: Float32Array<ArrayBuffer> } {
  const { mean = IMAGENET_MEAN, std = IMAGENET_STD } = options;
  const { width, height, channels, data } = image;
  const plane = width * height;
  if (data.length !== plane * channels) {
    throw new RangeError(
      `Cannot build a tensor from a ${width}x${height} image of ${channels} channels: ` +
        `expected ${plane * channels} bytes, found ${data.length}`,
    );
  }
  if (mean.length !== channels || std.length !== channels || std.some((value) => !(value > 0))) {
    throw new RangeError(
      `Cannot build a tensor from an image of ${channels} channels: expected as many means and ` +
        `deviations above 0, found [${mean}] and [${std}]`,
    );
  }
  const out = new Float32Array(plane * channels);
  const byByte = new Float32Array(256);
  for (let c = 0; c < channels; c++) {
    const channelMean = Math.fround(mean[c]!), channelStd = Math.fround(std[c]!);
    for (let byte = 0; byte < 256; byte++) {
      byByte[byte] = Math.fround(Math.fround(byte / 255) - channelMean) / channelStd;
    }
    for (let i = 0, from = c, to = c * plane; i < plane; i++, from += channels) {
      out[to++] = byByte[data[from]!]!;
    }
  }
  return { dtype: "float32", shape: [1, channels, height, width], data: out };
}
