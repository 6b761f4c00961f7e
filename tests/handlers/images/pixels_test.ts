import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { centerCrop, resizeBilinear, toImageTensor } from "marina";

const line = (...data: number[]) => ({
  width: data.length,
  height: 1,
  channels: 1,
  data: Uint8Array.from(data),
});

Deno.test("resizeBilinear() averages over all source pixels when it scales down", () => {
  deepStrictEqual([...resizeBilinear(line(0, 100, 100, 0), { width: 2, height: 1 }).data], [
    57,
    57,
  ]);
});

Deno.test("resizeBilinear() interpolates when it scales up, and repeats the border", () => {
  deepStrictEqual([...resizeBilinear(line(0, 100), { width: 4, height: 1 }).data], [
    0,
    25,
    75,
    100,
  ]);
});

Deno.test("resizeBilinear() does not touch a side that keeps its length", () => {
  const image = line(1, 2, 3);
  strictEqual(resizeBilinear(image, { width: 3, height: 1 }), image);
  deepStrictEqual([...resizeBilinear(image, { width: 3, height: 2 }).data], [1, 2, 3, 1, 2, 3]);
});

Deno.test("resizeBilinear() keeps channels apart", () => {
  const image = { width: 2, height: 1, channels: 3, data: Uint8Array.of(10, 0, 7, 20, 255, 7) };
  deepStrictEqual([...resizeBilinear(image, { width: 1, height: 1 }).data], [15, 128, 7]);
});

Deno.test("resizeBilinear() refuses sides below 1", () => {
  throws(() => resizeBilinear(line(1), { width: 0, height: 1 }), RangeError);
});

Deno.test.each([
  { width: 4, expected: [1, 2] },
  { width: 5, expected: [2, 3] },
  { width: 7, expected: [2, 3] },
  { width: 2, expected: [0, 1] },
])("centerCrop() cuts 2 of $width from a half rounded to even", ({ width, expected }) => {
  const image = line(...Array.from({ length: width }, (_, i) => i));
  deepStrictEqual([...centerCrop(image, { width: 2, height: 1 }).data], expected);
});

Deno.test("centerCrop() refuses an image smaller than the cut", () => {
  throws(() => centerCrop(line(1, 2), { width: 3, height: 1 }), {
    name: "RangeError",
    message: "Cannot crop an image: expected at least 3 x 1 pixels, found 2 x 1",
  });
});

Deno.test("toImageTensor() puts all red values before the green and blue ones", () => {
  const image = {
    width: 2,
    height: 1,
    channels: 3,
    data: Uint8Array.of(0, 51, 102, 153, 204, 255),
  };
  const { data, shape } = toImageTensor(image, { mean: [0, 0, 0], std: [1, 1, 1] });
  deepStrictEqual(shape, [1, 3, 1, 2]);
  deepStrictEqual([...data].map((value) => value.toFixed(1)), [
    ...["0.0", "0.6"],
    ...["0.2", "0.8"],
    ...["0.4", "1.0"],
  ]);
});

Deno.test("toImageTensor() refuses bytes that are not the image's", () => {
  const image = { width: 2, height: 2, channels: 3, data: new Uint8Array(11) };
  throws(() => toImageTensor(image), {
    message: "Cannot build a tensor from a 2x2 image of 3 channels: expected 12 bytes, found 11",
  });
  throws(
    () => toImageTensor({ ...image, data: new Uint8Array(12) }, { std: [1, 0, 1] }),
    RangeError,
  );
});
