import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import type { WirePart } from "../../../../server/scheduling/mod.ts";
import { decodeRow } from "../../../../server/scheduling/worker/decode_row.ts";

function toBytes(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function decode(part: Partial<WirePart>): { row: Record<string, unknown>; warnings: string[] } {
  const warnings: string[] = [];
  const whole = { name: "body", contentType: "", bytes: new Uint8Array(), ...part };
  const item = { requestId: "r", parts: [whole], headers: [], urlPath: "" };
  return { row: decodeRow(item, (text) => warnings.push(text)), warnings };
}

Deno.test.each([
  { contentType: "application/json", body: '{"a": [1]}', value: { a: [1] } },
  { contentType: "Application/JSON; charset=utf-8", body: "3", value: 3 },
  { contentType: "text/plain", body: "é", value: "é" },
  { contentType: "text", body: "x", value: "x" },
  { contentType: "", body: "[1]", value: toBytes("[1]") },
  { contentType: "application/json+x", body: "1", value: toBytes("1") },
  { contentType: "image/png", body: "x", value: toBytes("x") },
])('decodeRow() reads a body of type "$contentType" as $value', ({ contentType, body, value }) => {
  deepStrictEqual(decode({ contentType, bytes: toBytes(body) }).row, { body: value });
});

Deno.test("decodeRow() leaves a JSON body that is not JSON as bytes and warns", () => {
  const { row, warnings } = decode({ contentType: "application/json", bytes: toBytes("{") });
  deepStrictEqual(row, { body: toBytes("{") });
  match(warnings[0], /Cannot parse "body" as JSON/);
});

Deno.test("decodeRow() splits a multipart form: files by their type, fields as their very bytes", () => {
  const binary = "\xff\xfe\0\r\n-";
  const text = [
    '--b\r\nContent-Disposition: form-data; name="data"\r\n\r\n' + binary,
    '--b\r\nContent-Disposition: form-data; name="note"; filename="n.txt"\r\nContent-Type: text/plain\r\n\r\nhi',
    '--b\r\nContent-Disposition: form-data; name="json"\r\nContent-Type: application/json\r\n\r\n{"a":1}',
    '--b\r\nContent-Disposition: form-data; name="meta"; filename="m"\r\nContent-Type: application/json\r\n\r\n{"a":1}',
    '--b\r\nContent-Disposition: form-data; name="twice"\r\n\r\n1',
    '--b\r\nContent-Disposition: form-data; name="twice"\r\n\r\n2',
    "--b--\r\n",
  ].join("\r\n");
  const bytes = Uint8Array.from(text, (character) => character.charCodeAt(0));
  const { row } = decode({ contentType: "multipart/form-data; boundary=b", bytes, isForm: true });
  deepStrictEqual(row, {
    data: Uint8Array.from(binary, (character) => character.charCodeAt(0)),
    note: "hi",
    json: toBytes('{"a":1}'),
    meta: { a: 1 },
    twice: toBytes("2"),
  });
});

Deno.test("decodeRow() gives the fields before the fault of a broken multipart form, and warns", () => {
  const bytes = toBytes(
    '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n--b\r\nContent-',
  );
  const { row, warnings } = decode({
    contentType: 'multipart/form-data; boundary="b"',
    bytes,
    isForm: true,
  });
  deepStrictEqual(row, { a: toBytes("1") });
  strictEqual(warnings.length, 1);
});

Deno.test("decodeRow() reads any bytes out of a url-encoded form", () => {
  const contentType = "application/x-www-form-urlencoded";
  const { row } = decode({ contentType, bytes: toBytes("a=%FF+b%2&&x%20y=1&a=2&e"), isForm: true });
  deepStrictEqual(row, { a: toBytes("2"), "x y": toBytes("1"), e: toBytes("") });
  fc.assert(fc.property(fc.uint8Array({ minLength: 1, maxLength: 50 }), (value) => {
    const text = [...value].map((byte) => "%" + byte.toString(16).padStart(2, "0")).join("");
    const decoded = decode({ contentType, bytes: toBytes(`v=${text}`), isForm: true });
    deepStrictEqual(decoded.row, { v: new Uint8Array(value) });
  }));
});
