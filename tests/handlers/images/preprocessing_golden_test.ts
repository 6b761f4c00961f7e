import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { centerCrop, decodeImage, ImageClassifier, resizeBilinear, toImageTensor } from "marina";
import { startHandler, testdata } from "../../support/started_handler.ts";

interface Golden {
  readonly width: number;
  readonly height: number;
  readonly crop_rgb_sha256: string;
  readonly tensor_f32le_sha256: string;
  readonly logits: readonly number[];
  readonly top5: readonly (readonly [label: string, probability: number])[];
}

/** As far as a model's float32 sums may differ from one processor to another. */
const TOLERANCE = 1e-4;
const FOLDER = testdata("image-classifier");
const GOLDEN: Record<string, Golden> = JSON.parse(await Deno.readTextFile(`${FOLDER}/golden.json`));
const FILES = Object.keys(GOLDEN).map((file) => ({ file }));

async function sha256(data: Uint8Array | Float32Array): Promise<string> {
  const bytes = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}

Deno.test.each(FILES)(
  "resizeBilinear(), centerCrop() and toImageTensor() give torchvision's bytes for $file",
  async ({ file }) => {
    const golden = GOLDEN[file]!;
    const image = await decodeImage(await Deno.readFile(`${FOLDER}/${file}`));
    deepStrictEqual([image.width, image.height], [golden.width, golden.height]);
    const { width, height } = golden;
    const size = width <= height
      ? { width: 256, height: Math.trunc(256 * height / width) }
      : { width: Math.trunc(256 * width / height), height: 256 };
    const crop = centerCrop(resizeBilinear(image, size), { width: 224, height: 224 });
    strictEqual(await sha256(crop.data), golden.crop_rgb_sha256);
    strictEqual(await sha256(toImageTensor(crop).data), golden.tensor_f32le_sha256);
  },
);

Deno.test("image_classifier gives the reference's logits and top 5 for each golden image (tolerance 1e-4)", async () => {
  let logits: ArrayLike<number> = [];
  class Watched extends ImageClassifier {
    override async inference(...args: Parameters<ImageClassifier["inference"]>) {
      const outputs = await super.inference(...args);
      logits = outputs[0]!.outputs.y!.data as Float32Array;
      return outputs;
    }
  }
  await using handler = await startHandler(Watched, `${FOLDER}/tiny-classifier.onnx`);
  for (const { file } of FILES) {
    const golden = GOLDEN[file]!;
    const answer = await handler.ask(await Deno.readFile(`${FOLDER}/${file}`));
    const best = [...answer as Map<string, number>];
    deepStrictEqual(best.map(([label]) => label), golden.top5.map(([label]) => label), file);
    best.forEach(([, value], i) => ok(Math.abs(value - golden.top5[i]![1]) < TOLERANCE, file));
    golden.logits.forEach((value, i) => ok(Math.abs(value - logits[i]!) < TOLERANCE, file));
  }
});
