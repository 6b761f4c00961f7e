/** Clients that go away or take their time: the server must neither mind nor remember them. */
import { checkStatus, createNonce, toText } from "./_checks.ts";
import type { Connection, WireRequest } from "./_connection.ts";
import { type Outcome, SoakFault } from "./_ledger.ts";
import { pause, pick, randomBelow, type RequestKind } from "./_request_kind.ts";

const SLOW_PIECES = 8;
const SLOW_PAUSE_MS = 60;
const encoder = new TextEncoder();

export const RUDE_KINDS: readonly RequestKind[] = [
  { name: "leaves in its body", weight: 1, run: leaveInBody },
  { name: "leaves while it waits", weight: 1.5, run: leaveWhileWaiting },
  { name: "leaves in a stream", weight: 1.5, run: leaveInStream },
  { name: "sends slowly", weight: 1, run: sendSlowly },
  { name: "reads slowly", weight: 1, run: readSlowly },
];

function createRequest(
  model: string,
  value: unknown,
): WireRequest & { readonly body: Uint8Array<ArrayBuffer> } {
  return {
    method: "POST",
    path: `/predictions/${model}`,
    contentType: "application/json",
    body: encoder.encode(JSON.stringify(value)),
  };
}

async function leaveInBody(connection: Connection): Promise<Outcome> {
  const request = createRequest("echo", {
    nonce: createNonce(),
    padding: "x".repeat(randomBelow(100_000)),
  });
  await connection.begin(request);
  await connection.write(request.body.subarray(0, request.body.length >> 1));
  await pause(randomBelow(20));
  connection.close();
  return "left";
}

async function leaveWhileWaiting(connection: Connection): Promise<Outcome> {
  const model = pick(["slow", "echo", "net", "ticket"]);
  const request = createRequest(model, { nonce: createNonce(), ms: 100 });
  await connection.begin(request);
  await connection.write(request.body);
  await pause(randomBelow(50));
  connection.close();
  return "left";
}

async function leaveInStream(connection: Connection): Promise<Outcome> {
  const request = createRequest("stream", { nonce: createNonce(), padding: "-" });
  const answer = await connection.send(request, { onPiece: () => "leave" });
  if (answer !== undefined) {
    throw new SoakFault("wrong", `a stream without pieces: ${answer.status}`);
  }
  return "left";
}

async function sendSlowly(connection: Connection): Promise<Outcome> {
  const request = createRequest("echo", { nonce: createNonce(), padding: "x".repeat(1000) });
  await connection.begin(request);
  const size = Math.ceil(request.body.length / SLOW_PIECES);
  for (let at = 0; at < request.body.length; at += size) {
    await pause(SLOW_PAUSE_MS);
    await connection.write(request.body.subarray(at, at + size));
  }
  const answer = (await connection.receive())!;
  return checkSame(request.body, toText(answer), checkStatus(answer, 200));
}

async function readSlowly(connection: Connection): Promise<Outcome> {
  const request = createRequest("echo", { nonce: createNonce(), padding: "y".repeat(1_000_000) });
  const answer = (await connection.send(request, { onPiece: () => pause(randomBelow(20)) }))!;
  return checkSame(request.body, toText(answer), checkStatus(answer, 200));
}

/** The server writes JSON in its own form. */
function checkSame(sent: Uint8Array, received: string, outcome: Outcome): Outcome {
  const text = new TextDecoder().decode(sent);
  if (JSON.stringify(JSON.parse(received)) === text) return outcome;
  throw new SoakFault("mixed_up", `sent ${text.slice(0, 100)}, received ${received.slice(0, 100)}`);
}
