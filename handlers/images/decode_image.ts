import { PredictionException } from "../prediction_exception.ts";
import type { Image } from "./image.ts";

/** Pillow's default limit doubled, where it refuses an image as a decompression bomb. */
export const MAX_IMAGE_PIXELS = 178_956_970;

export interface DecodeImageOptions {
  /** One channel of brightness instead of red, green and blue. */
  readonly grey?: boolean;
  /** The most pixels that are decoded, `MAX_IMAGE_PIXELS` unless given; `Infinity` lifts the limit. */
  readonly limitPixels?: number;
}

type Sharp = (typeof import("sharp"))["default"];
let loading: Promise<Sharp> | undefined;

/**
 * Loads the image library, once for a worker.
 *
 * The library is native code: its first load needs the permission to open native libraries (`ffi`), to read its
 * own files and the environment. A worker that gives these up calls this first; {@linkcode decodeImage} needs
 * none of them afterwards.
 */
export async function loadImageDecoder(): Promise<void> {
  await loadSharp();
}

function loadSharp(): Promise<Sharp> {
  return loading ??= import("sharp").then(({ default: sharp }) => {
    sharp.concurrency(1);
    sharp.cache(false);
    sharp.block({ operation: ["VipsForeignLoad", "VipsForeignSave"] });
    sharp.unblock({
      operation: [
        "VipsForeignLoadJpegBuffer",
        "VipsForeignLoadPngBuffer",
        "VipsForeignLoadWebpBuffer",
        "VipsForeignSaveJpegBuffer",
        "VipsForeignSavePngBuffer",
        "VipsForeignSaveTiffBuffer",
        "VipsForeignSaveWebpBuffer",
      ],
    });
    // What a handler imports is this very object: it must not be able to open files through it again.
    Object.assign(sharp, { block: refuseChange, unblock: refuseChange });
    return sharp;
  });
}

function refuseChange(): never {
  throw new TypeError(
    "Cannot change which image operations are allowed: the server has settled them",
  );
}

/**
 * Decodes a JPEG, PNG or WebP file into bytes, for handlers that take images.
 *
 * The image is not rotated by its EXIF orientation and no colour profile is applied; alpha is dropped, not
 * blended. Palette, grey, 16-bit and CMYK images become 8-bit RGB. Of an animation the first picture is taken.
 *
 * | | shape | layout | type |
 * | --- | --- | --- | --- |
 * | in | a file's bytes | JPEG, PNG or WebP | `uint8` |
 * | out | `[H, W, 3]`, or `[H, W, 1]` with `grey` | interleaved RGB | `uint8` |
 *
 * The bytes of a JPEG are those that libjpeg-turbo makes, as Pillow has them. Grey is Pillow's
 * `L = (19595 R + 38470 G + 7471 B + 32768) >> 16` (ITU-R 601). The number of pixels is checked against the
 * file's header before any is decoded.
 *
 * @param file A request's value: the file's bytes (`Uint8Array`), not modified; anything else is refused.
 * @throws {PredictionException} 400 if it is no such image, is damaged, or holds too many pixels.
 */
export async function decodeImage(
  file: unknown,
  options: DecodeImageOptions = {},
): Promise<Image> {
  const limitPixels = options.limitPixels ?? MAX_IMAGE_PIXELS;
  if (!(file instanceof Uint8Array) || !isKnownFormat(file)) {
    const found = file instanceof Uint8Array ? `${file.length} other bytes` : "no bytes";
    throw new PredictionException(
      `Cannot decode the image: expected a JPEG, PNG or WebP file, found ${found}`,
      400,
    );
  }
  const sharp = await loadSharp();
  try {
    const { data, info } = await sharp(file, {
      failOn: "error",
      ignoreIcc: true,
      limitInputPixels: Number.isFinite(limitPixels) ? limitPixels : false,
      sequentialRead: true,
    }).removeAlpha().toColourspace("srgb").raw({ depth: "uchar" })
      .toBuffer({ resolveWithObject: true });
    const rgb = { width: info.width, height: info.height, channels: info.channels, data };
    return options.grey ? toGrey(rgb) : rgb;
  } catch (cause) {
    throw new PredictionException(await explain(sharp, file, limitPixels), 400, { cause });
  }
}

/** Asks the header anew, because the library tells its failures apart by their text alone. */
async function explain(sharp: Sharp, bytes: Uint8Array, limitPixels: number): Promise<string> {
  try {
    const { width, height } = await sharp(bytes, { limitInputPixels: false }).metadata();
    if (width * height > limitPixels) {
      return `Cannot decode the image: expected at most ${limitPixels} pixels, ` +
        `found ${width} x ${height}`;
    }
  } catch {
    // The header is damaged too: the text below says as much as is known.
  }
  return "Cannot decode the image: its data is damaged or incomplete";
}

const SIGNATURES: readonly (readonly [offset: number, ...bytes: number[]][])[] = [
  [[0, 0xff, 0xd8, 0xff]],
  [[0, 0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  [[0, 0x52, 0x49, 0x46, 0x46], [8, 0x57, 0x45, 0x42, 0x50]],
];

function isKnownFormat(bytes: Uint8Array): boolean {
  return SIGNATURES.some((parts) =>
    parts.every(([offset, ...expected]) => expected.every((byte, i) => bytes[offset + i] === byte))
  );
}

function toGrey({ width, height, channels, data }: Image): Image {
  const grey = new Uint8Array(width * height);
  for (let i = 0, at = 0; i < grey.length; i++, at += channels) {
    grey[i] = (data[at]! * 19595 + data[at + 1]! * 38470 + data[at + 2]! * 7471 + 0x8000) >> 16;
  }
  return { width, height, channels: 1, data: grey };
}
