import { deepStrictEqual, rejects, strictEqual, throws } from "node:assert/strict";
import { ImageClassifier } from "marina";
import { startHandler, testdata } from "../support/started_handler.ts";

const TINY = testdata("image-classifier/tiny-classifier.onnx");
const COLOURS = testdata("models/mean_colour.onnx");
const read = (file: string) => Deno.readFile(testdata(`image-classifier/${file}`));

Deno.test("image_classifier answers each image of a batch as it answers it alone, in its place", async () => {
  await using handler = await startHandler(ImageClassifier, TINY, { batchSize: 4 });
  const files = ["landscape_640x480.jpg", "portrait_333x517.png", "small_90x60.png"];
  const images = await Promise.all(files.map(read));
  const { answers } = await handler.predict(images.map((body) => ({ body })));
  for (const [i, image] of images.entries()) {
    const alone = await handler.ask(image) as Map<string, number>;
    const joined = answers[i] as Map<string, number>;
    deepStrictEqual([...joined.keys()], [...alone.keys()]);
    for (const [label, value] of joined) {
      strictEqual(value.toFixed(5), alone.get(label)!.toFixed(5));
    }
  }
});

Deno.test("image_classifier takes data, body and base64 text alike", async () => {
  await using handler = await startHandler(ImageClassifier, TINY);
  const bytes = await read("small_90x60.png");
  const text = bytes.toBase64();
  const { answers } = await handler.predict([
    { body: bytes },
    { data: bytes },
    { body: text },
    { data: new Uint8Array(0), body: bytes },
  ]);
  for (const answer of answers) {
    deepStrictEqual([...answer as Map<string, number>].map(([label]) => label), [..."98765"]);
  }
});

Deno.test("image_classifier takes its input's size and names fewer than five classes", async () => {
  await using handler = await startHandler(ImageClassifier, COLOURS);
  const answer = await handler.ask(await read("landscape_640x480.jpg")) as Map<string, number>;
  strictEqual(answer.size, 3);
});

Deno.test("image_classifier takes nested arrays as the tensor itself", async () => {
  await using handler = await startHandler(ImageClassifier, COLOURS);
  const plane = (value: number) => new Array(32).fill(new Array(32).fill(value));
  const blue = [plane(-3), plane(-5), plane(9)], red = [plane(9), plane(-5), plane(-3)];
  const keys = (answer: unknown) => [...(answer as Map<string, number>).keys()];
  deepStrictEqual(keys(await handler.ask(blue)), ["2", "0", "1"]);
  const rows = await handler.ask([blue, red]) as unknown[];
  deepStrictEqual(rows.map(keys), [["2", "0", "1"], ["0", "2", "1"]]);
});

Deno.test("image_classifier answers 400 to what is no image and classifies the others", async () => {
  await using handler = await startHandler(ImageClassifier, TINY);
  const image = await read("small_90x60.png");
  const { answers, statuses } = await handler.predict([
    { body: new TextEncoder().encode("hello") },
    { body: image },
    { body: "not base64!" },
    { body: { instances: [] } },
    { body: image.subarray(0, 2000) },
  ]);
  deepStrictEqual(statuses, [400, 200, 400, 400, 400]);
  strictEqual((answers[1] as Map<string, number>).size, 5);
});

Deno.test("image_classifier names classes from index_to_name.json", async () => {
  const folder = await Deno.makeTempDir();
  try {
    await Deno.copyFile(COLOURS, `${folder}/model.onnx`);
    const names = { "0": ["n0", "red"], "1": ["n1", "green"], "2": "blue" };
    await Deno.writeTextFile(`${folder}/index_to_name.json`, JSON.stringify(names));
    await using handler = await startHandler(ImageClassifier, `${folder}/model.onnx`);
    const plane = (value: number) => new Array(32).fill(new Array(32).fill(value));
    const answer = await handler.ask([plane(1), plane(3), plane(2)]) as Map<string, number>;
    deepStrictEqual([...answer.keys()], ["green", "blue", "red"]);

    await Deno.writeTextFile(`${folder}/index_to_name.json`, '{"0": "red"}');
    await using poor = await startHandler(ImageClassifier, `${folder}/model.onnx`);
    await rejects(poor.ask([plane(1), plane(3), plane(2)]), /Cannot name class 1/);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("image_classifier refuses a model that takes no images when it is loaded", async () => {
  await rejects(startHandler(ImageClassifier, testdata("models/weigh.onnx")), {
    name: "TypeError",
    message:
      'Cannot classify images with "test": expected one input float32 [N, 3, H, W] and one ' +
      'output, found inputs "x" float32 [N, 4] and 1 outputs',
  });
});

Deno.test("ImageClassifier.setMaxResultClasses() sets how many classes an answer names", async () => {
  class TopTwo extends ImageClassifier {
    constructor() {
      super();
      this.setMaxResultClasses(2);
    }
  }
  await using handler = await startHandler(TopTwo, TINY);
  const answer = await handler.ask(await read("small_90x60.png")) as Map<string, number>;
  deepStrictEqual([...answer.keys()], ["9", "8"]);
  const classifier = new ImageClassifier();
  strictEqual(classifier.getMaxResultClasses(), 5);
  throws(() => classifier.setMaxResultClasses(0), RangeError);
});
