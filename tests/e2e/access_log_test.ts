import { deepStrictEqual, match, notStrictEqual, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { GATED_HANDLER, WAIT_AT_GATE, waitForGate } from "../support/gate.ts";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

/** Time, client, request line, status, milliseconds, and the request's id. */
const LINE_REGEXP =
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3} - (\S+) "([^"]+)" (\d{3}) (\d+)(?: ([\da-f-]{36}))?$/;

/** Stops the server and reads its access log, as `[request line, status, id]`. */
async function readAccessLog(marina: MarinaProcess): Promise<[string, number, string][]> {
  strictEqual(await marina.stop(), 0);
  const text = await Deno.readTextFile(join(marina.logDir, "access_log.log"));
  return text.trimEnd().split("\n").map((line) => {
    const [, , request, status, , id] = LINE_REGEXP.exec(line) ?? [];
    ok(request !== undefined, line);
    return [request, Number(status), id ?? ""];
  });
}

Deno.test("every port's exchanges are in access_log.log with the ids of their answers, 413s too (§6)", async () => {
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1, max_request_size: 10 },
  });
  const ids: (string | null)[] = [];
  const send = async (url: string, init?: RequestInit): Promise<void> => {
    const response = await fetch(url, init);
    await response.body?.cancel();
    ids.push(response.headers.get("x-request-id"));
  };
  await send(`${marina.inferenceUrl}/ping`);
  await send(`${marina.inferenceUrl}/predictions/gated?x=1`, { method: "POST", body: "hello" });
  await send(`${marina.inferenceUrl}/predictions/gated`, { method: "POST", body: "hello, world" });
  await send(`${marina.managementUrl}/models/nobody`, { method: "DELETE" });
  await send(`${marina.metricsUrl}/metrics`);
  const lines = await readAccessLog(marina);
  deepStrictEqual(lines.map(([request, status]) => [request, status]), [
    ["GET /ping HTTP/1.1", 200],
    ["POST /predictions/gated?x=1 HTTP/1.1", 200],
    ["POST /predictions/gated HTTP/1.1", 413],
    ["DELETE /models/nobody HTTP/1.1", 405],
    ["GET /metrics HTTP/1.1", 200],
  ]);
  deepStrictEqual(lines.map(([, , id]) => id), ids.map((id) => id ?? ""));
  match(lines[0]![2], /^[\da-f-]{36}$/);
});

Deno.test("a request's id in the access log is the server's own, whatever the client sends (T26)", async () => {
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  const sent = "00000000-0000-4000-8000-000000000000";
  const response = await fetch(`${marina.inferenceUrl}/predictions/gated`, {
    method: "POST",
    body: "hello",
    headers: { "x-request-id": sent },
  });
  await response.body?.cancel();
  const [[, , id]] = await readAccessLog(marina) as [[string, number, string]];
  strictEqual(id, response.headers.get("x-request-id"));
  notStrictEqual(id, sent);
});

Deno.test("a client that leaves has one line in the access log, once its request is over", async () => {
  await using store = await createModelStore({ gated: { handler: GATED_HANDLER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  const leaving = new AbortController();
  const left = fetch(`${marina.inferenceUrl}/predictions/gated`, {
    method: "POST",
    body: "wait",
    signal: leaving.signal,
  }).catch(() => "left");
  const open = await waitForGate(marina, "gated");
  leaving.abort();
  strictEqual(await left, "left");
  await open();
  const lines = await readAccessLog(marina);
  deepStrictEqual(lines.map(([request]) => request), ["POST /predictions/gated HTTP/1.1"]);
});

Deno.test("a streamed answer has its line at its end, with the status of its first chunk (§1.5)", async () => {
  await using store = await createModelStore({
    words: {
      handler: `${WAIT_AT_GATE}
        export async function handle(rows, context) {
          if (rows === null) return;
          context.setResponseStatus(201, "", 0);
          await context.sendIntermediate(["one "]);
          await waitAtGate(context);
          return ["two"];
        }`,
    },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  const response = await fetch(`${marina.inferenceUrl}/predictions/words`, { method: "POST" });
  const open = await waitForGate(marina, "words");
  await (await fetch(`${marina.inferenceUrl}/ping`)).body?.cancel();
  await open();
  strictEqual(await response.text(), "one two");
  const [ping, stream] = await readAccessLog(marina);
  strictEqual(ping?.[0], "GET /ping HTTP/1.1");
  const id = response.headers.get("x-request-id");
  deepStrictEqual(stream, ["POST /predictions/words HTTP/1.1", 201, id]);
});

Deno.test({
  name: "a client of a Unix socket is written without a slash (§6)",
  ignore: Deno.build.os === "windows",
  fn: async () => {
    await using temp = await TempFolder.create();
    await using marina = await startMarina({
      args: ["--model-store", temp.path],
      config: { inference_address: `unix:${temp.at("inference.sock")}` },
    });
    const path = temp.at("inference.sock");
    using connection = await Deno.connect({ transport: "unix", path });
    await connection.write(
      new TextEncoder().encode(
        "GET /ping HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n",
      ),
    );
    match(new TextDecoder().decode(await new Response(connection.readable).bytes()), /Healthy/);
    strictEqual(await marina.stop(), 0);
    const text = await Deno.readTextFile(join(marina.logDir, "access_log.log"));
    match(text, / - 127\.0\.0\.1 "GET \/ping HTTP\/1\.1" 200 \d+ [\da-f-]{36}\n$/);
  },
});
