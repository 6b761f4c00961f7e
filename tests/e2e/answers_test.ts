import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { WAIT_AT_GATE, waitForGate, waitForPending } from "../support/gate.ts";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** Answers what the text names. */
const ANSWERS = `
import { PredictionException } from "marina";
${WAIT_AT_GATE}
const VALUES = {
  object: { b: 1, a: [1, 2], none: undefined },
  array: ["ü", 1.5, null],
  empty: [],
  string: "grüß",
  bytes: Uint8Array.of(0, 255),
  buffer: Uint8Array.of(1, 2).buffer,
  map: new Map([["10", 0.5], ["9", 0.25], ["a", new Map([["2", 1], ["1", 2]])]]),
  bigint: { id: 9007199254740993n },
  floats: Float32Array.of(0.5, -1),
  number: 7,
  null: null,
  boolean: false,
};

export async function handle(rows, context) {
  if (rows === null) return;
  if (rows[0].body === "wait") await waitAtGate(context);
  return rows.map(({ body }, i) => {
    if (body.startsWith("reject ")) throw new PredictionException("Not this one", Number(body.slice(7)));
    if (body === "odd type") context.setResponseContentType(i, "application/x-digits");
    if (body.startsWith("status ")) {
      context.setResponseStatus(Number(body.slice(7)), "Own Phrase", i);
      context.setResponseHeader(i, "X-Own", body);
      context.setResponseHeader(i, "X-Request-Id", "forged");
      context.setResponseHeader(i, "Content-Length", "1");
    }
    return body in VALUES ? VALUES[body] : body + " of " + rows.length;
  });
}
`;

const JSON_TYPE = "application/json";
const TEXT_TYPE = "text/plain; charset=utf-8";
const BYTES_TYPE = "application/octet-stream";

Deno.test("an answer has the body and the content type of what the handler returned (T3)", async (t) => {
  await using store = await createModelStore({ answers: { handler: ANSWERS } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  const ask = (text: string): Promise<Response> =>
    fetch(`${marina.inferenceUrl}/predictions/answers`, { method: "POST", body: text });

  const cases = [
    ["object", JSON_TYPE, '{\n  "b": 1,\n  "a": [\n    1,\n    2\n  ]\n}'],
    ["array", JSON_TYPE, '[\n  "ü",\n  1.5,\n  null\n]'],
    ["empty", JSON_TYPE, "[]"],
    ["string", TEXT_TYPE, "grüß"],
    [
      "map",
      JSON_TYPE,
      '{\n  "10": 0.5,\n  "9": 0.25,\n  "a": {\n    "2": 1,\n    "1": 2\n  }\n}',
    ],
    ["bigint", JSON_TYPE, '{\n  "id": 9007199254740993\n}'],
    ["floats", JSON_TYPE, "[\n  0.5,\n  -1\n]"],
    ["number", JSON_TYPE, "7"],
    ["null", JSON_TYPE, "null"],
    ["boolean", JSON_TYPE, "false"],
    ["odd type", "application/x-digits", "odd type of 1"],
  ] as const;
  for (const [value, contentType, text] of cases) {
    await t.step(`${value} is ${contentType}`, async () => {
      const response = await ask(value);
      deepStrictEqual(
        [response.status, response.headers.get("content-type"), await response.text()],
        [200, contentType, text],
      );
      strictEqual(response.headers.get("pragma"), "no-cache");
      strictEqual(response.headers.get("expires"), "Thu, 01 Jan 1970 00:00:00 UTC");
    });
  }

  for (const [value, bytes] of [["bytes", [0, 255]], ["buffer", [1, 2]]] as const) {
    await t.step(`${value} are ${BYTES_TYPE}, twice the same`, async () => {
      for (let round = 0; round < 2; round++) {
        const response = await ask(value);
        strictEqual(response.headers.get("content-type"), BYTES_TYPE);
        strictEqual(response.headers.get("content-length"), "2");
        deepStrictEqual([...await response.bytes()], bytes);
      }
    });
  }

  for (
    const [code, status] of [[400, 400], [404, 404], [418, 418], [500, 500], [513, 513], [413, 507]]
  ) {
    await t.step(
      `PredictionException ${code} answers ${status} in TorchServe's error form`,
      async () => {
        const response = await ask(`reject ${code}`);
        deepStrictEqual([response.status, await response.json()], [status, {
          code: status,
          type: "InternalServerException",
          message: "Not this one",
        }]);
      },
    );
  }
  await t.step("a handler's 204 has no body", async () => {
    const response = await ask("status 204");
    deepStrictEqual([response.status, await response.text()], [204, ""]);
  });
});

Deno.test("status and headers that a handler sets belong to one request of its batch", async () => {
  await using store = await createModelStore({
    answers: { handler: ANSWERS, config: "minWorkers: 1\nmaxWorkers: 1\nbatchSize: 4\n" },
  });
  await using marina = await startMarina({ args: ["--model-store", store.dir, "--models", "all"] });
  const ask = (text: string): Promise<Response> =>
    fetch(`${marina.inferenceUrl}/predictions/answers`, { method: "POST", body: text });
  const first = ask("wait");
  const openGate = await waitForGate(marina, "answers");
  const texts = ["status 201", "plain", "status 418", "odd type"];
  const asked = texts.map(ask);
  await waitForPending(marina.managementUrl, "answers", texts.length);
  await openGate();
  strictEqual(await (await first).text(), "wait of 1");
  const answers = await Promise.all(asked);
  deepStrictEqual(
    await Promise.all(answers.map(async (response) => [
      response.status,
      response.headers.get("x-own"),
      response.headers.get("content-type"),
      await response.text(),
    ])),
    [
      [201, "status 201", TEXT_TYPE, "status 201 of 4"],
      [200, null, TEXT_TYPE, "plain of 4"],
      [418, "status 418", TEXT_TYPE, "status 418 of 4"],
      [200, null, "application/x-digits", "odd type of 4"],
    ],
  );
  for (const response of answers) match(response.headers.get("x-request-id")!, /^[0-9a-f-]{36}$/);
  ok(answers[0]!.headers.get("content-length") !== "1");
});
