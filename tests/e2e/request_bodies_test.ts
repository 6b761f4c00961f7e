import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { type Echo, ECHO_HANDLER } from "../support/echo_handler.ts";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** One request, and the row that the handler is to see. */
interface BodyCase {
  readonly name: string;
  /** `null` sends no content type at all. */
  readonly contentType: string | null;
  readonly body: string | Uint8Array;
  readonly row: Echo["row"];
}

const FORM = "multipart/form-data; boundary=XX";
const URL_ENCODED = "application/x-www-form-urlencoded";

const BODIES: readonly BodyCase[] = [
  {
    name: "application/json is parsed",
    contentType: "application/json",
    body: '{"a": [1, null, "é"]}',
    row: { body: { object: { a: [1, null, "é"] } } },
  },
  {
    name: "application/json with a charset is parsed too",
    contentType: "Application/JSON; charset=utf-8",
    body: "[1, 2]",
    row: { body: { array: [1, 2] } },
  },
  {
    name: "JSON null is null",
    contentType: "application/json",
    body: "null",
    row: { body: { null: null } },
  },
  {
    name: "what is called JSON and is none stays bytes",
    contentType: "application/json",
    body: "{1",
    row: { body: { bytes: [123, 49] } },
  },
  {
    name: "an empty JSON body stays bytes",
    contentType: "application/json",
    body: "",
    row: { body: { bytes: [] } },
  },
  {
    name: "application/vnd.api+json stays bytes",
    contentType: "application/vnd.api+json",
    body: "{}",
    row: { body: { bytes: [123, 125] } },
  },
  {
    name: "text/plain is a string",
    contentType: "text/plain; charset=utf-8",
    body: "grüß",
    row: { body: { string: "grüß" } },
  },
  {
    name: "text/csv is one too",
    contentType: "text/csv",
    body: "1,2",
    row: { body: { string: "1,2" } },
  },
  {
    name: "a body without a content type is bytes, JSON or not",
    contentType: null,
    body: "[1]",
    row: { body: { bytes: [91, 49, 93] } },
  },
  {
    name: "application/octet-stream is bytes",
    contentType: "application/octet-stream",
    body: Uint8Array.of(0, 255, 13, 10),
    row: { body: { bytes: [0, 255, 13, 10] } },
  },
  { name: "an empty body is no bytes", contentType: null, body: "", row: { body: { bytes: [] } } },
  {
    name: "file parts of a form are decoded by their own content types",
    contentType: FORM,
    body: multipart(
      ['name="j"; filename="j.json"', "application/json", '{"a": 1}'],
      ['name="t"; filename="t.txt"', "text/plain; charset=utf-8", "é"],
      ['name="b"; filename="b.bin"', "application/octet-stream", Uint8Array.of(0, 13, 10, 255)],
      ['name="bad"; filename="x.json"', "application/json", "{"],
      ['name="none"; filename="n"', undefined, "[1]"],
    ),
    row: {
      j: { object: { a: 1 } },
      t: { string: "é" },
      b: { bytes: [0, 13, 10, 255] },
      bad: { bytes: [123] },
      none: { bytes: [91, 49, 93] },
    },
  },
  {
    name: "a form's field without a file name is bytes, whatever content type it has",
    contentType: FORM,
    body: multipart(
      ['name="data"', "application/json", "[1]"],
      ['name="raw"', undefined, Uint8Array.of(0, 13, 10, 128, 255)],
      ['name="empty"', undefined, ""],
    ),
    row: {
      data: { bytes: [91, 49, 93] },
      raw: { bytes: [0, 13, 10, 128, 255] },
      empty: { bytes: [] },
    },
  },
  {
    name: "of a form's fields of one name the last one counts",
    contentType: 'multipart/form-data; boundary="XX"',
    body: multipart(['name="a"', undefined, "1"], ['name="a"', undefined, "2"]),
    row: { a: { bytes: [50] } },
  },
  {
    name: "a form that breaks off lacks what follows, and is no error",
    contentType: FORM,
    body: '--XX\r\ncontent-disposition: form-data; name="a"\r\n\r\n1\r\n--XX\r\ncontent-disp',
    row: { a: { bytes: [49] } },
  },
  {
    name: "a form without its boundary is an empty row",
    contentType: "multipart/form-data",
    body: multipart(['name="a"', undefined, "1"]),
    row: {},
  },
  {
    name: "url-encoded fields are raw bytes, the last one of a name",
    contentType: `${URL_ENCODED}; charset=utf-8`,
    body: "a=1&b=%FF%00+x&a=2&empty=&alone&%61%26=%3d",
    row: {
      a: { bytes: [50] },
      b: { bytes: [255, 0, 32, 120] },
      empty: { bytes: [] },
      alone: { bytes: [] },
      "a&": { bytes: [61] },
    },
  },
  {
    name: "url-encoded bytes that are not escaped stay as they are",
    contentType: URL_ENCODED,
    body: Uint8Array.of(0x78, 0x3d, 0x80, 0xfe, 0x25, 0x7a),
    row: { x: { bytes: [0x80, 0xfe, 0x25, 0x7a] } },
  },
  { name: "an empty form is an empty row", contentType: URL_ENCODED, body: "", row: {} },
  {
    name: "a field named as a member of every object is a field",
    contentType: URL_ENCODED,
    body: "__proto__=1&constructor=2",
    row: JSON.parse('{"__proto__": {"bytes": [49]}, "constructor": {"bytes": [50]}}'),
  },
];

function multipart(
  ...parts: readonly (readonly [string, string | undefined, string | Uint8Array])[]
): Uint8Array {
  const bytes: number[] = [];
  const add = (value: string | Uint8Array): void => {
    bytes.push(...(typeof value === "string" ? new TextEncoder().encode(value) : value));
  };
  for (const [disposition, contentType, content] of parts) {
    add(`--XX\r\nContent-Disposition: form-data; ${disposition}\r\n`);
    if (contentType !== undefined) add(`Content-Type: ${contentType}\r\n`);
    add("\r\n");
    add(content);
    add("\r\n");
  }
  add("--XX--\r\n");
  return Uint8Array.from(bytes);
}

Deno.test("POST /predictions/{model} gives the handler each kind of body as TorchServe does (T5, T29, §1.4)", async (t) => {
  await using store = await createModelStore({ echo: { handler: ECHO_HANDLER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  for (const { name, contentType, body, row } of BODIES) {
    await t.step(name, async () => {
      const bytes = new Uint8Array(
        typeof body === "string" ? new TextEncoder().encode(body) : body,
      );
      const response = await fetch(`${marina.inferenceUrl}/predictions/echo`, {
        method: "POST",
        headers: contentType === null ? {} : { "content-type": contentType },
        body: bytes,
      });
      strictEqual(response.status, 200);
      const echo: Echo = await response.json();
      deepStrictEqual(echo.row, row);
      strictEqual(echo.headers["content-type"], contentType ?? undefined);
      strictEqual(echo.headers["content-length"], String(bytes.length));
    });
  }
  await t.step("what could not be read is a warning in the log, without the body", async () => {
    match(await marina.waitForStderr(/as JSON/), /Cannot parse \\"body\\" as JSON/);
    match(await marina.waitForStderr(/multipart/), /Cannot read (all of )?a multipart form/);
  });
});
