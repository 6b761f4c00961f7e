import { deepStrictEqual } from "node:assert/strict";
import { BUILT_IN_HANDLERS } from "marina";
import { testHandlerContract } from "../support/handler_contract.ts";
import { testdata } from "../support/started_handler.ts";

Deno.test("BUILT_IN_HANDLERS holds the handlers that work, no others", () => {
  deepStrictEqual([...BUILT_IN_HANDLERS.keys()], ["base_handler", "image_classifier"]);
});

const floats = (...values: number[]) => new Uint8Array(Float32Array.from(values).buffer);

testHandlerContract({
  name: "base_handler",
  modelPath: testdata("models/weigh.onnx"),
  good: [
    { body: [1, 2, 3, 4] },
    { body: [[5, 6, 7, 8]] },
    { data: { x: [[1, 0, 0, 0], [0, 1, 0, 0]] } },
    { x: [9, 9, 9, 9] },
    { body: floats(4, 3, 2, 1) },
  ],
  bad: [{}, { body: "text" }, { body: [1, 2, 3] }, { body: floats(1) }, { y: [1, 2, 3, 4] }],
});

const image = (file: string) => Deno.readFileSync(testdata(`image-classifier/${file}`));

testHandlerContract({
  name: "image_classifier",
  modelPath: testdata("image-classifier/tiny-classifier.onnx"),
  good: [
    { body: image("landscape_640x480.jpg") },
    { data: image("portrait_333x517.png") },
    { body: image("small_90x60.png") },
    { body: image("exact_256x256.png") },
  ],
  bad: [
    {},
    { body: "text that is no base64" },
    { body: [[1]] },
    { body: floats(1) },
    { body: image("small_90x60.png").subarray(0, 3000) },
  ],
});
