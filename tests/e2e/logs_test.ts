import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

const FILE_NAMES = [
  "access_log.log",
  "model_log.log",
  "model_metrics.log",
  "ts_log.log",
  "ts_metrics.log",
];

/** Prints what it is sent, and fails when it is sent `fail`. */
const TALKING_HANDLER = `
export function handle(rows, context) {
  if (rows === null) return console.log("I am here");
  console.log("I was sent\\nsomething");
  console.error("Is that all?");
  if (rows[0].body === "fail") throw new Error("I cannot");
  return rows.map(() => "done");
}
`;

function ask(marina: MarinaProcess, init: RequestInit = {}, query = ""): Promise<Response> {
  const url = `${marina.inferenceUrl}/predictions/talking${query}`;
  return fetch(url, { method: "POST", body: "hello", ...init });
}

async function listFiles(dir: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name, isFile } of Deno.readDir(dir)) if (isFile) names.push(name);
  return names.sort();
}

Deno.test("serve makes its five log files at the start, in LOG_LOCATION and METRICS_LOCATION (§6)", async () => {
  await using temp = await TempFolder.create();
  await using marina = await startMarina({
    args: ["--model-store", temp.path],
    env: { LOG_LOCATION: temp.at("logs"), METRICS_LOCATION: temp.at("metrics") },
  });
  deepStrictEqual(await listFiles(temp.at("logs")), [
    "access_log.log",
    "model_log.log",
    "ts_log.log",
  ]);
  deepStrictEqual(await listFiles(temp.at("metrics")), ["model_metrics.log", "ts_metrics.log"]);
  strictEqual(await marina.stop(), 0);
});

Deno.test("serve begins its log with what it was started with, line by line (§2)", async () => {
  await using temp = await TempFolder.create();
  await using marina = await startMarina({ args: ["--model-store", temp.path] });
  strictEqual(await marina.stop(), 0);
  const text = await Deno.readTextFile(join(marina.logDir, "ts_log.log"));
  const said = text.trimEnd().split("\n").map((line) =>
    line.replace(/^.* main marina\.\w+ - /, "")
  );
  for (
    const pattern of [
      /^Marina version: \d+\.\d+\.\d+/,
      /^Config file: .*config\.properties$/,
      /^Inference address: http:\/\/127\.0\.0\.1:0$/,
      /^Management address: http:\/\/127\.0\.0\.1:0$/,
      /^Metrics address: http:\/\/127\.0\.0\.1:0$/,
      /^Model Store: \/\S+$/,
      /^Initial Models: N\/A$/,
      /^Number of GPUs: \d+ cpus=\d+$/,
      /^Log folders: \S+ metrics=\S+$/,
      /^Metrics mode: log/,
      /^Stopping, requests in flight are finished first$/,
    ]
  ) ok(said.some((line) => pattern.test(line)), `${pattern}\n${said.join("\n")}`);
  for (const line of text.trimEnd().split("\n")) {
    match(line, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3} \[(INFO |WARN |ERROR)\] \S+ marina\.\w+ - /);
  }
});

Deno.test("a request's id is in each line of it: its handler's, its failure's, its access line (§6)", async () => {
  await using store = await createModelStore({ talking: { handler: TALKING_HANDLER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  const response = await ask(marina, { body: "fail" });
  strictEqual(response.status, 503);
  await response.body?.cancel();
  const id = response.headers.get("x-request-id")!;
  strictEqual(await marina.stop(), 0);
  const read = (name: string): Promise<string> => Deno.readTextFile(join(marina.logDir, name));
  const modelLines = (await read("model_log.log")).trimEnd().split("\n");
  match(modelLines[0]!, / \[INFO \] W-9000-talking_1\.0-stdout MODEL_LOG - I am here$/);
  deepStrictEqual(modelLines.slice(1).map((line) => line.replace(/^\S+ /, "")), [
    `[INFO ] W-9000-talking_1.0-stdout MODEL_LOG - I was sent requestId=${id}`,
    `[INFO ] W-9000-talking_1.0-stdout MODEL_LOG - something requestId=${id}`,
    `[ERROR] W-9000-talking_1.0-stderr MODEL_LOG - Is that all? requestId=${id}`,
  ]);
  const [failure] = (await read("ts_log.log")).split("\n").filter((line) => line.includes(id));
  match(failure!, /W-9000-talking_1\.0 marina\.workers - Batch failed .* reason="I cannot"/);
  match(await read("access_log.log"), new RegExp(`503 \\d+ ${id}\\n$`));
  const console = marina.stderrLines.map((line) => JSON.parse(line))
    .filter(({ requestId }) => requestId === id).map(({ message }) => message);
  deepStrictEqual(console, ["Handler says", "Handler says", "Batch failed"]);
});

Deno.test("no log has a header, a body or a token of a request", async () => {
  await using store = await createModelStore({ talking: { handler: TALKING_HANDLER } });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  for (const body of ["s3cret-body", "fail"]) {
    const init = {
      body,
      headers: { authorization: "Bearer s3cret-header", cookie: "s3cret-cookie" },
    };
    await (await ask(marina, init, "?token=s3cret-query")).body?.cancel();
  }
  const url = encodeURIComponent("https://me:s3cret-user@127.0.0.1:1/x.mar?sig=s3cret-url");
  await (await fetch(`${marina.managementUrl}/models?url=${url}`, { method: "POST" })).body
    ?.cancel();
  strictEqual(await marina.stop(), 0);
  let all = marina.stderrLines.join("\n");
  for (const name of FILE_NAMES) all += await Deno.readTextFile(join(marina.logDir, name));
  match(all, /\/predictions\/talking\?token=\*\*\*/);
  strictEqual(/s3cret-\w+/.exec(all)?.[0], undefined);
});

Deno.test("serve goes on without log files where their folder cannot be made, and says so once", async () => {
  await using temp = await TempFolder.create();
  const file = await temp.write("file");
  await using marina = await startMarina({
    args: ["--model-store", temp.path],
    env: { LOG_LOCATION: `${file}/logs`, METRICS_LOCATION: `${file}/logs` },
  });
  const response = await fetch(`${marina.inferenceUrl}/ping`);
  match(await response.text(), /Healthy/);
  strictEqual(await marina.stop(), 0);
  const warnings = marina.stderrLines.map((line) => JSON.parse(line))
    .filter(({ message }) => message.startsWith("Cannot write a log file"));
  strictEqual(warnings.length, 1);
});

Deno.test("two servers may write to the same log folder", async () => {
  await using temp = await TempFolder.create();
  const start = () =>
    startMarina({ args: ["--model-store", temp.path], env: { LOG_LOCATION: temp.at("logs") } });
  await using first = await start();
  await using second = await start();
  for (const { inferenceUrl } of [first, second, first, second]) {
    await (await fetch(`${inferenceUrl}/ping`)).body?.cancel();
  }
  deepStrictEqual([await first.stop(), await second.stop()], [0, 0]);
  const lines = (await Deno.readTextFile(temp.at("logs/access_log.log"))).trimEnd().split("\n");
  strictEqual(lines.length, 4);
  for (const line of lines) match(line, /"GET \/ping HTTP\/1\.1" 200 \d+ [\da-f-]{36}$/);
});

Deno.test.each([
  { format: "text", pattern: /^\S+Z INFO {2}server: Marina version/ },
  { format: "json", pattern: /^\{"time":"\S+Z","level":"info","part":"server","message":"Marina/ },
])("serve --log-format $format writes that form to the console", async ({ format, pattern }) => {
  await using temp = await TempFolder.create();
  await using marina = await startMarina({
    args: ["--model-store", temp.path, "--log-format", format],
  });
  match(await marina.waitForStderr(/Marina version/), pattern);
  strictEqual(await marina.stop(), 0);
});

Deno.test("a worker's death and its way back are told in the words that TorchServe's scripts look for (§6)", async () => {
  await using store = await createModelStore({
    dying: { handler: `export function handle(rows) { if (rows?.length) Deno.exit(1); }` },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1 },
  });
  const url = `${marina.inferenceUrl}/predictions/dying`;
  const response = await fetch(url, { method: "POST", body: "x" });
  match(await response.text(), /Worker died\./);
  await marina.waitForStderr(/Auto recovery succeeded, reset recoveryStartTS/);
  strictEqual(await marina.stop(), 0);
  const text = await Deno.readTextFile(join(marina.logDir, "ts_log.log"));
  const said = [
    /Worker failed .*event="Worker disconnected"/,
    /Auto recovery start timestamp: \d{13} /,
    /Retry worker: 9000 in [\d.]+ seconds\. /,
    /Auto recovery succeeded, reset recoveryStartTS /,
  ].map((pattern) => text.search(pattern));
  ok(said.every((place) => place >= 0), text);
  deepStrictEqual(said, said.toSorted((a, b) => a - b));
});
