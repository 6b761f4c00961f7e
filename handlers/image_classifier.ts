import { BaseHandler } from "./base_handler.ts";
import type { Context, HandlerData } from "./context.ts";
import {
  centerCrop,
  decodeImage,
  type ImageSize,
  MAX_IMAGE_PIXELS,
  resizeBilinear,
  toImageTensor,
} from "./images/mod.ts";
import { toLabel } from "./label_mapping.ts";
import { PredictionException } from "./prediction_exception.ts";
import { pickRequestValue } from "./request_value.ts";
import { describeModel, type InputSpec, parseRequestInput } from "./rows/mod.ts";
import type { RequestInput, RequestOutput } from "./rows/mod.ts";
import { softmax } from "./softmax.ts";
import type { Tensor } from "./tensor.ts";
import { topK } from "./top_k.ts";

type Requests = readonly (RequestInput | null)[];
type Answers = readonly (RequestOutput | null)[];

/** Torchvision's usual pair: the shorter side to 256, then the middle 224. */
const RESIZE_PER_CROP = 256 / 224;

/**
 * Names what a picture shows: the five likeliest classes with their probabilities, in descending order.
 *
 * For models with one input `[N, 3, H, W]` (float32, red plane first) and one output of scores `[N, K]`; 224 × 224
 * where the model leaves the size free. A request is a JPEG, PNG or WebP file as `body` or `data`, its base64
 * text, or a nested array that already is the tensor.
 *
 * | step | what |
 * | --- | --- |
 * | decode | 8-bit RGB, not rotated by EXIF |
 * | resize | shorter side to `256 / 224` of the crop, Pillow's bilinear filter |
 * | crop | the middle `H × W` |
 * | standardize | `/ 255`, then ImageNet's mean and deviation |
 *
 * Bit for bit what TorchServe's `image_classifier` feeds its model, so the same weights give the same classes.
 */
export class ImageClassifier extends BaseHandler<Requests, Answers> {
  #maxResultClasses = 5;
  #input: InputSpec | null = null;
  #size: ImageSize = { width: 224, height: 224 };

  /** @throws {TypeError} If the model's input takes no RGB images, or it has not one output. */
  override async initialize(context: Context): Promise<void> {
    await super.initialize(context);
    const { inputs, outputs } = describeModel(this.model);
    const [input] = inputs;
    const takesRgb = inputs.length === 1 && outputs.length === 1 && input!.dtype === "float32" &&
      input!.shape.length === 4 && (input!.shape[1] === 3 || typeof input!.shape[1] === "string");
    if (!takesRgb) {
      const found = inputs.map(({ name, expected }) => `"${name}" ${expected}`).join(", ");
      throw new TypeError(
        `Cannot classify images with "${context.modelName}": expected one input float32 ` +
          `[N, 3, H, W] and one output, found inputs ${found} and ${outputs.length} outputs`,
      );
    }
    this.#input = input!;
    const [, , height, width] = input!.shape;
    this.#size = {
      height: typeof height === "number" ? height : 224,
      width: typeof width === "number" ? width : 224,
    };
  }

  /** How many classes an answer names at most, 5 unless set. */
  getMaxResultClasses(): number {
    return this.#maxResultClasses;
  }

  /** @throws {RangeError} If `count` is no whole number above 0. */
  setMaxResultClasses(count: number): void {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(
        `Cannot set the classes of an answer: expected a whole number above 0, found ${count}`,
      );
    }
    this.#maxResultClasses = count;
  }

  override preprocess(data: HandlerData[], context: Context): Promise<Requests> {
    return this.mapRequests(data, context, (row) => this.#toInput(row, context));
  }

  override postprocess(output: Answers, _context: Context): unknown[] {
    return output.map((request) => {
      if (request === null) return null;
      const rows = this.#classify(Object.values(request.outputs)[0]!);
      return request.isSingleRow ? rows[0] : rows;
    });
  }

  /** One decoded image to the pixels that go into the model; override it for other preprocessing. */
  async processImage(bytes: Uint8Array, context: Context): Promise<Tensor> {
    const isLimited = context.systemProperties.limitMaxImagePixels;
    const image = await decodeImage(bytes, {
      limitPixels: isLimited ? MAX_IMAGE_PIXELS : Infinity,
    });
    return toImageTensor(centerCrop(resizeBilinear(image, this.#resizeTo(image)), this.#size));
  }

  async #toInput(row: HandlerData, context: Context): Promise<RequestInput> {
    const image = pickRequestValue(row);
    const bytes = typeof image === "string" ? decodeBase64(image) : image;
    if (!(bytes instanceof Uint8Array)) return parseRequestInput(row, [this.#input!]);
    const tensor = await this.processImage(bytes, context);
    return { feeds: { [this.#input!.name]: tensor }, isSingleRow: true };
  }

  #resizeTo({ width, height }: ImageSize): ImageSize {
    const short = Math.round(Math.max(this.#size.width, this.#size.height) * RESIZE_PER_CROP);
    return width <= height
      ? { width: short, height: Math.trunc(short * height / width) }
      : { width: Math.trunc(short * width / height), height: short };
  }

  #classify({ shape, data }: Tensor): Map<string, number>[] {
    const rows = shape[0]!;
    const classes = data.length / rows;
    return Array.from({ length: rows }, (_, row) => {
      const logits = (data as Float32Array).subarray(row * classes, (row + 1) * classes);
      const best = topK(softmax(logits), this.#maxResultClasses);
      return new Map(best.map(({ index, value }) => [toLabel(index, this.mapping), value]));
    });
  }
}

function decodeBase64(text: string): Uint8Array {
  try {
    return Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
  } catch (cause) {
    throw new PredictionException(
      "Cannot decode the image: expected base64 text or a file's bytes, found other text",
      400,
      { cause },
    );
  }
}
