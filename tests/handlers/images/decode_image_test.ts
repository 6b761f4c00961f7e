import { deepStrictEqual, ok, rejects, strictEqual } from "node:assert/strict";
import { decodeImage } from "marina";
import sharp from "sharp";

/** Two by one: a reddish and a bluish pixel. */
const RGB = Uint8Array.of(200, 10, 20, 30, 40, 250);
const RGB_RAW = { raw: { width: 2, height: 1, channels: 3 } } as const;

async function decode(
  image: ReturnType<typeof sharp>,
  options?: Parameters<typeof decodeImage>[1],
) {
  const bytes = new Uint8Array(await image.toBuffer());
  const { width, height, channels, data } = await decodeImage(bytes, options);
  return { width, height, channels, data: [...data] };
}

Deno.test("decodeImage() gives a PNG's own bytes, red first", async () => {
  const image = await decode(sharp(RGB, RGB_RAW).png());
  deepStrictEqual(image, { width: 2, height: 1, channels: 3, data: [...RGB] });
});

Deno.test("decodeImage() reads lossless WebP", async () => {
  deepStrictEqual((await decode(sharp(RGB, RGB_RAW).webp({ lossless: true }))).data, [...RGB]);
});

Deno.test("decodeImage() drops alpha and does not blend it", async () => {
  const rgba = Uint8Array.of(200, 10, 20, 0, 30, 40, 250, 128);
  const png = sharp(rgba, { raw: { width: 2, height: 1, channels: 4 } }).png();
  deepStrictEqual((await decode(png)).data, [...RGB]);
});

Deno.test("decodeImage() makes RGB of grey, with and without alpha", async () => {
  const grey = sharp(Uint8Array.of(7, 250), { raw: { width: 2, height: 1, channels: 1 } });
  deepStrictEqual((await decode(grey.png())).data, [7, 7, 7, 250, 250, 250]);
  const pair = { raw: { width: 1, height: 1, channels: 2 } } as const;
  deepStrictEqual((await decode(sharp(Uint8Array.of(7, 3), pair).png())).data, [7, 7, 7]);
});

Deno.test("decodeImage() makes 8 bits of 16", async () => {
  const deep = sharp(Uint16Array.of(0x1234, 0xabcd, 0xffff), {
    raw: { width: 1, height: 1, channels: 3 },
  }).toColourspace("rgb16").png();
  deepStrictEqual((await decode(deep)).data, [0x12, 0xab, 0xff]);
});

Deno.test("decodeImage() makes RGB of a palette", async () => {
  deepStrictEqual((await decode(sharp(RGB, RGB_RAW).png({ palette: true }))).channels, 3);
});

Deno.test("decodeImage() makes RGB of CMYK", async () => {
  const solid = { create: { width: 8, height: 8, channels: 3, background: "#ffffff" } } as const;
  const { channels, data } = await decode(sharp(solid).toColourspace("cmyk").jpeg());
  strictEqual(channels, 3);
  ok(data.every((value) => value > 240), "white stays white");
});

Deno.test("decodeImage() leaves an image as it lies, whatever its EXIF orientation", async () => {
  const image = await decode(sharp(RGB, RGB_RAW).withMetadata({ orientation: 6 }).png());
  deepStrictEqual([image.width, image.height, image.data], [2, 1, [...RGB]]);
});

Deno.test("decodeImage() weighs grey as Pillow does, and keeps grey values", async () => {
  // (200·19595 + 10·38470 + 20·7471 + 32768) >> 16 = 68; (30·19595 + 40·38470 + 250·7471 + 32768) >> 16 = 61
  const image = await decode(sharp(RGB, RGB_RAW).png(), { grey: true });
  deepStrictEqual(image, { width: 2, height: 1, channels: 1, data: [68, 61] });
  const all = Uint8Array.from({ length: 256 }, (_, i) => i);
  const grey = sharp(all, { raw: { width: 256, height: 1, channels: 1 } }).png();
  deepStrictEqual((await decode(grey, { grey: true })).data, [...all]);
});

Deno.test("decodeImage() refuses more pixels than allowed before it decodes them", async () => {
  const bomb = sharp({ create: { width: 400, height: 300, channels: 3, background: "#000" } });
  await rejects(decode(bomb.png(), { limitPixels: 119_999 }), {
    name: "PredictionException",
    errorCode: 400,
    message: "Cannot decode the image: expected at most 119999 pixels, found 400 x 300",
  });
  strictEqual((await decode(bomb.png(), { limitPixels: 120_000 })).width, 400);
});

Deno.test("decodeImage() refuses a header that promises more than 178,956,970 pixels", async () => {
  const png = new Uint8Array(await sharp(RGB, RGB_RAW).png().toBuffer());
  const view = new DataView(png.buffer);
  view.setUint32(16, 20_000);
  view.setUint32(20, 10_000);
  view.setUint32(29, crc32(png.subarray(12, 29)));
  await rejects(decodeImage(png), /expected at most 178956970 pixels, found 20000 x 10000/);
});

Deno.test.each([
  { title: "SVG", text: '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>' },
  { title: "GIF", text: "GIF89a\x01\0\x01\0\x80\0\0" },
  { title: "PDF", text: "%PDF-1.7" },
  { title: "text", text: "not an image" },
  { title: "an empty body", text: "" },
])("decodeImage() refuses $title", async ({ text }) => {
  const bytes = new TextEncoder().encode(text);
  await rejects(decodeImage(bytes), {
    errorCode: 400,
    message:
      `Cannot decode the image: expected a JPEG, PNG or WebP file, found ${bytes.length} other bytes`,
  });
});

Deno.test("decodeImage() refuses a value that is no bytes", async () => {
  for (const value of ["text", [1], {}, undefined, null]) {
    await rejects(decodeImage(value), /expected a JPEG, PNG or WebP file, found no bytes/);
  }
});

Deno.test("decodeImage() refuses a file that ends too early", async () => {
  const noise = crypto.getRandomValues(new Uint8Array(64 * 64 * 3));
  const raw = { raw: { width: 64, height: 64, channels: 3 } } as const;
  for (
    const image of [sharp(noise, raw).png(), sharp(noise, raw).jpeg(), sharp(noise, raw).webp()]
  ) {
    const bytes = new Uint8Array(await image.toBuffer());
    await rejects(decodeImage(bytes.subarray(0, bytes.length >> 1)), {
      errorCode: 400,
      message: "Cannot decode the image: its data is damaged or incomplete",
    });
  }
});

function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}
