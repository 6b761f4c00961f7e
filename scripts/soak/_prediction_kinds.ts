/** Predictions of clients that behave: each says what it may be answered while models change under it. */
import { Buffer } from "node:buffer";
import {
  type AllowedRefusal,
  checkNonce,
  checkRefusal,
  checkStatus,
  createNonce,
  FAILED,
  NOT_FOUND,
  parseAnswer,
  toText,
  UNAVAILABLE,
  WORKER_DIED,
} from "./_checks.ts";
import type { Connection, WireAnswer } from "./_connection.ts";
import { type ExpectedRow, isSame } from "./_expected_rows.ts";
import { type Outcome, SoakFault } from "./_ledger.ts";
import { pick, randomBelow, type RequestKind } from "./_request_kind.ts";

const JSON_TYPE = "application/json";
const BINARY_TYPE = "application/octet-stream";
const SMALL_BYTES = 4 * 1024;
const BIG_BYTES = 3 * 1024 * 1024;
const STREAM_PADDING = ".".repeat(2000);
const encoder = new TextEncoder();

/** @param rows What `mlp` answers to what. */
export function createPredictionKinds(rows: readonly ExpectedRow[]): readonly RequestKind[] {
  return [
    { name: "ONNX, JSON", weight: 20, run: (connection) => askRow(connection, pick(rows), "json") },
    {
      name: "ONNX, raw float32",
      weight: 15,
      run: (connection) => askRow(connection, pick(rows), "raw"),
    },
    {
      name: "echo, JSON, batches",
      weight: 15,
      run: (connection) => askNonce(connection, "echo", {}),
    },
    {
      name: "echo, small bodies",
      weight: 10,
      run: (connection) => askBytes(connection, 16 + randomBelow(SMALL_BYTES)),
    },
    {
      name: "echo, big bodies",
      weight: 0.5,
      run: (connection) => askBytes(connection, BIG_BYTES / 2 + randomBelow(BIG_BYTES)),
    },
    { name: "echo, forms", weight: 4, run: askForm },
    { name: "stream", weight: 4, run: askStream },
    {
      name: "slow handler",
      weight: 1,
      run: (connection) => askNonce(connection, "slow", { ms: 50 + randomBelow(200) }),
    },
    {
      name: "client timeout",
      weight: 0.5,
      run: (connection) =>
        askNonce(connection, "impatient", { ms: randomBelow(150) }, [UNAVAILABLE]),
    },
    {
      name: "job tickets",
      weight: 1,
      run: (connection) => askNonce(connection, "ticket", { ms: randomBelow(20) }, [UNAVAILABLE]),
    },
    { name: "one of a batch refused", weight: 6, run: askPicky },
    { name: "handler that throws", weight: 2, run: askMoody },
    {
      name: "beside crashes",
      weight: 2,
      run: (connection) => askNonce(connection, "crashing", {}, [WORKER_DIED]),
    },
    {
      name: "weighted versions",
      weight: 10,
      run: (connection) => askNamed(connection, "net", /^[123]\.0$/),
    },
    {
      name: "version in the path",
      weight: 3,
      run: (connection) => askNamed(connection, "net/2.0", /^2\.0$/),
    },
    {
      name: "while replaced",
      weight: 8,
      run: (connection) => askNamed(connection, "swap", /^build \d$/),
    },
    {
      name: "while it comes and goes",
      weight: 3,
      run: (connection) => askNonce(connection, "guest", {}, [NOT_FOUND, UNAVAILABLE]),
    },
    { name: "no such model", weight: 1, run: askNobody },
    { name: "body too large", weight: 0.5, run: askTooLarge },
  ];
}

/** Asks for JSON with a number of its own. */
export async function post(
  connection: Connection,
  model: string,
  value: unknown,
): Promise<WireAnswer> {
  return await postBytes(connection, model, JSON_TYPE, encoder.encode(JSON.stringify(value)));
}

async function postBytes(
  connection: Connection,
  model: string,
  contentType: string,
  body: Uint8Array<ArrayBuffer>,
): Promise<WireAnswer> {
  const answer = await connection.send({
    method: "POST",
    path: `/predictions/${model}`,
    contentType,
    body,
  });
  return answer!;
}

async function askNonce(
  connection: Connection,
  model: string,
  fields: Readonly<Record<string, unknown>>,
  allowed: readonly AllowedRefusal[] = [],
): Promise<Outcome> {
  const nonce = createNonce();
  return checkNonce(await post(connection, model, { nonce, ...fields }), nonce, allowed);
}

/** The version that answers has to be the one that the header names. */
async function askNamed(connection: Connection, path: string, names: RegExp): Promise<Outcome> {
  const nonce = createNonce();
  const answer = await post(connection, path, { nonce });
  const outcome = checkNonce(answer, nonce);
  const by = String(parseAnswer(answer).by);
  const version = answer.headers.get("x-model-version");
  const isSaid = by.startsWith("build") ? version === "1.0" : version === by;
  if (names.test(by) && isSaid) return outcome;
  throw new SoakFault("wrong", `${path} answered by "${by}" under x-model-version ${version}`);
}

async function askRow(
  connection: Connection,
  { input, output }: ExpectedRow,
  form: "json" | "raw",
): Promise<Outcome> {
  const answer = form === "json"
    ? await post(connection, "mlp", [...input])
    : await postBytes(connection, "mlp", BINARY_TYPE, new Uint8Array(input.buffer));
  const outcome = checkStatus(answer, 200);
  const found = parseAnswer(answer) as unknown as readonly number[];
  if (isSame(found, output)) return outcome;
  throw new SoakFault("mixed_up", `expected ${output}, received ${found}`);
}

/** The whole body is its number: random bytes, in pieces of what one call gives. */
function createRandomBytes(size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  const seed = crypto.getRandomValues(new Uint8Array(Math.min(size, SMALL_BYTES)));
  for (let at = 0; at < size; at += seed.length) {
    bytes.set(seed.subarray(0, Math.min(seed.length, size - at)), at);
  }
  return bytes;
}

async function askBytes(connection: Connection, size: number): Promise<Outcome> {
  const bytes = createRandomBytes(size);
  const answer = await postBytes(connection, "echo", BINARY_TYPE, bytes);
  const outcome = checkStatus(answer, 200);
  if (isSameBytes(answer.body, bytes)) return outcome;
  throw new SoakFault(
    "mixed_up",
    `${bytes.length} bytes came back as ${answer.body.length} others`,
  );
}

function isSameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

async function askForm(connection: Connection): Promise<Outcome> {
  const nonce = createNonce();
  const boundary = `soak${randomBelow(1e9)}`;
  const file = createRandomBytes(1 + randomBelow(SMALL_BYTES));
  const field = `--${boundary}\r\ncontent-disposition: form-data; name=`;
  const body = await new Blob([
    `${field}"nonce"\r\n\r\n${nonce}\r\n${field}"file"; filename="f"\r\n`,
    `content-type: ${BINARY_TYPE}\r\n\r\n`,
    file,
    `\r\n--${boundary}--\r\n`,
  ]).bytes();
  const contentType = `multipart/form-data; boundary=${boundary}`;
  const answer = await postBytes(connection, "echo", contentType, body);
  const outcome = checkNonce(answer, nonce);
  const { bytes, sum } = parseAnswer(answer);
  const expectedSum = file.reduce((total, byte) => total + byte, 0);
  if (bytes === file.length && sum === expectedSum) return outcome;
  throw new SoakFault("mixed_up", `a file of ${file.length} bytes came in as ${bytes}`);
}

async function askStream(connection: Connection): Promise<Outcome> {
  const nonce = createNonce();
  const answer = await post(connection, "stream", { nonce, padding: STREAM_PADDING });
  const outcome = checkStatus(answer, 200);
  const lines = [0, 1, 2, 3].map((part) => `${part}:${nonce}${STREAM_PADDING}\n`);
  if (toText(answer) === `${lines.join("")}end:${nonce}`) return outcome;
  throw new SoakFault("mixed_up", `streamed as ${nonce}, answered ${toText(answer).slice(0, 200)}`);
}

async function askPicky(connection: Connection): Promise<Outcome> {
  const nonce = createNonce();
  const isRefused = Math.random() < 0.3;
  const answer = await post(connection, "picky", { nonce, isRefused });
  if (!isRefused) return checkNonce(answer, nonce);
  const outcome = checkStatus(answer, 422);
  if (parseAnswer(answer).message === `No ${nonce}`) return outcome;
  throw new SoakFault("mixed_up", `refused as ${nonce}, answered ${toText(answer)}`);
}

async function askMoody(connection: Connection): Promise<Outcome> {
  const nonce = createNonce();
  const mood = pick(["throw", "too short", "fine"]);
  const answer = await post(connection, "moody", { nonce, mood });
  return mood === "fine" ? checkNonce(answer, nonce) : checkRefusal(answer, [FAILED]);
}

async function askNobody(connection: Connection): Promise<Outcome> {
  return checkRefusal(await post(connection, "nobody", {}), [NOT_FOUND]);
}

/** Says that more will come than the server takes, and does not send it. */
async function askTooLarge(connection: Connection): Promise<Outcome> {
  const body = new Uint8Array(7_000_000);
  await connection.begin({
    method: "POST",
    path: "/predictions/echo",
    contentType: BINARY_TYPE,
    body,
  });
  const answer = await connection.receive();
  connection.close();
  return checkStatus(answer!, 413);
}
