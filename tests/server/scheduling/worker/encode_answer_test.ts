import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { encodeAnswer } from "../../../../server/scheduling/worker/encode_answer.ts";

function toText(value: unknown): string {
  return new TextDecoder().decode(encodeAnswer(value).bytes);
}

Deno.test("encodeAnswer() writes what JSON.stringify(value, null, 2) writes", () => {
  fc.assert(fc.property(fc.jsonValue(), (value) => {
    const expected = typeof value === "string" ? value : JSON.stringify(value, null, 2);
    strictEqual(toText(value), expected);
  }));
});

Deno.test.each([
  { name: "a string", value: "héllo", text: "héllo", contentType: "text/plain; charset=utf-8" },
  { name: "an object", value: { a: 1 }, text: '{\n  "a": 1\n}', contentType: "application/json" },
  { name: "an array", value: [1, 2], text: "[\n  1,\n  2\n]", contentType: "application/json" },
  { name: "a number", value: 7, text: "7", contentType: "application/json" },
  { name: "null", value: null, text: "null", contentType: "application/json" },
  {
    name: "bytes",
    value: new Uint8Array([65]),
    text: "A",
    contentType: "application/octet-stream",
  },
])("encodeAnswer() gives $name its content type", ({ value, text, contentType }) => {
  strictEqual(toText(value), text);
  strictEqual(encodeAnswer(value).contentType, contentType);
});

Deno.test("encodeAnswer() keeps the order of a Map's keys, which an object would sort", () => {
  const inner = new Map([["10", 1], ["9", 2]]);
  strictEqual(toText({ top: inner }), '{\n  "top": {\n    "10": 1,\n    "9": 2\n  }\n}');
});

Deno.test("encodeAnswer() writes 64-bit integers with all their digits and typed arrays as arrays", () => {
  strictEqual(toText({ n: 9007199254740993n }), '{\n  "n": 9007199254740993\n}');
  strictEqual(toText([[new Float32Array([0.5, 2])]]), JSON.stringify([[[0.5, 2]]], null, 2));
  strictEqual(toText([BigInt64Array.of(-1n)]), "[\n  [\n    -1\n  ]\n]");
});

Deno.test("encodeAnswer() copies bytes, so that a handler may keep its array", () => {
  const kept = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const { bytes } = encodeAnswer(kept);
  deepStrictEqual([...bytes], [2, 3]);
  strictEqual(bytes.buffer.byteLength, 2);
});

Deno.test("encodeAnswer() refuses what has no JSON form", () => {
  const self: unknown[] = [];
  self.push(self);
  for (const value of [undefined, () => 1, Symbol("s"), new Set([1]), self, { f: () => 1 }]) {
    throws(() => encodeAnswer(value), TypeError);
  }
});
