import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import {
  configureLogging,
  createLog,
  hasLogFiles,
  type Log,
  LogFiles,
  MODEL_PART,
  resetLogging,
  writeAccessLine,
  writeMetricLine,
} from "../../../server/logging/mod.ts";
import { TempFolder } from "../../support/temp_folder.ts";

/** What is written while the work runs. */
function capture(form: "text" | "json", work: (log: Log) => void): string {
  let written = "";
  configureLogging({ form, write: (text) => written += text });
  try {
    work(createLog("models"));
    return written;
  } finally {
    resetLogging();
  }
}

Deno.test("createLog() writes one line for people in the text form", () => {
  const text = capture("text", (log) => log.info("Model is registered", { model: "mnist", n: 1 }));
  match(
    text,
    /^\d{4}-\d\d-\d\dT[\d:.]{12}Z INFO {2}models: Model is registered model=mnist n=1\n$/,
  );
});

Deno.test("createLog() writes one object a line in the JSON form", () => {
  const text = capture("json", (log) => log.warn("Odd", { model: "mnist", absent: undefined }));
  strictEqual(text.split("\n").length, 2);
  const { time, ...rest } = JSON.parse(text);
  match(time, /^\d{4}-\d\d-\d\dT/);
  deepStrictEqual(rest, { level: "warning", part: "models", message: "Odd", model: "mnist" });
});

Deno.test.each(["text", "json"] as const)(
  "createLog() escapes control characters of a name in the %s form",
  (form) => {
    const model = "a\r\n\u001b[31mb\u2028c\u0085d";
    const text = capture(form, (log) => log.error("Bad {name}", { model }));
    strictEqual(text.split(/[\r\n\u2028\u0085]/).length, 2);
    strictEqual(text.includes("\u001b"), false);
    match(text, /Bad \{name\}/);
    if (form === "json") strictEqual(JSON.parse(text).model, model);
  },
);

Deno.test("createLog() puts an error's stack and causes below its line, indented", () => {
  const error = new Error("outer\nfake line", { cause: new Error("inner") });
  const text = capture("text", (log) => log.error("Request failed", { requestId: "1", error }));
  const [line, ...below] = text.trimEnd().split("\n");
  match(line!, /ERROR models: Request failed requestId=1$/);
  strictEqual(below.every((text) => text.startsWith("    ")), true);
  match(text, /Error: outer/);
  match(text, /Caused by: Error: inner/);
});

Deno.test("createLog() writes nothing before logging is configured", () => {
  createLog("models").info("Nobody reads this");
});

Deno.test("createLog() shortens the time and aligns the parts on a terminal", () => {
  let written = "";
  configureLogging({ form: "text", isTerminal: true, write: (text) => written += text });
  createLog("http").warn("Odd", { path: "/x" });
  createLog("workers").info("Worker is ready");
  createLog("authorization").info("Requests need a token");
  resetLogging();
  // deno-lint-ignore no-control-regex -- colours are controls
  const lines = written.replaceAll(/\u001b\[\d+m/g, "").trimEnd().split("\n");
  match(lines[0]!, /^\d\d:\d\d:\d\d\.\d{3} WARN {2}http: {4}Odd path=\/x$/);
  match(lines[1]!, /^\d\d:\d\d:\d\d\.\d{3} INFO {2}workers: Worker is ready$/);
  match(lines[2]!, /INFO {2}authorization: Requests need a token$/);
  strictEqual(written.includes("\u001b[33mWARN"), !Deno.noColor);
});

Deno.test("createLog() masks the secrets of a URL that a text quotes, in both forms", () => {
  for (const form of ["text", "json"] as const) {
    const text = capture(
      form,
      (log) => log.info("Loaded", { url: "https://a:b@h/x?token=secret" }),
    );
    match(text, /https:\/\/\*\*\*@h\/x\?token=\*\*\*/);
  }
});

/** What the log files hold after the work, by name. */
async function captureFiles(work: () => void): Promise<(name: string) => string> {
  await using temp = await TempFolder.create();
  const files = await LogFiles.open({
    dir: temp.path,
    metricsDir: temp.path,
    onTrouble: (message) => {
      throw new Error(message);
    },
  });
  configureLogging({ form: "json", write: () => {}, files });
  try {
    work();
  } finally {
    resetLogging();
    await files.close();
  }
  const texts = new Map<string, string>();
  for (const name of await temp.list()) texts.set(name, Deno.readTextFileSync(temp.at(name)));
  return (name) => texts.get(`${name}.log`)!;
}

const TIME = String.raw`\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d,\d{3}`;

Deno.test("createLog() writes the server's lines to ts_log.log in log4j's pattern (§6)", async () => {
  const read = await captureFiles(() => {
    createLog("models").info("Model is registered", { model: "mnist" });
    createLog("workers").error("Worker failed", {
      model: "mnist",
      version: "1.0",
      worker: "9000",
      stack: "Error: x\n    at y",
    });
  });
  const [first, second, ...stack] = read("ts_log").trimEnd().split("\n");
  match(
    first!,
    new RegExp(`^${TIME} \\[INFO \\] main marina\\.models - Model is registered model=mnist$`),
  );
  match(
    second!,
    new RegExp(`^${TIME} \\[ERROR\\] W-9000-mnist_1\\.0 marina\\.workers - Worker failed `),
  );
  deepStrictEqual(stack, ["    Error: x", "        at y"]);
  strictEqual(read("model_log"), "");
});

Deno.test("createLog() writes what handlers print to model_log.log alone, each line under its worker's name (§6)", async () => {
  const read = await captureFiles(() => {
    const fields = { model: "mnist", version: "1.0", worker: "9000" };
    createLog(MODEL_PART).info("Handler says", { ...fields, requestId: "a,b", text: "one\ntwo" });
    createLog(MODEL_PART).warn("Handler says", { ...fields, text: "odd \u001b[31m" });
  });
  const lines = read("model_log").trimEnd().split("\n");
  match(
    lines[0]!,
    new RegExp(`^${TIME} \\[INFO \\] W-9000-mnist_1\\.0-stdout MODEL_LOG - one requestId=a,b$`),
  );
  match(
    lines[1]!,
    new RegExp(`^${TIME} \\[INFO \\] W-9000-mnist_1\\.0-stdout MODEL_LOG - two requestId=a,b$`),
  );
  match(
    lines[2]!,
    new RegExp(`^${TIME} \\[WARN \\] W-9000-mnist_1\\.0-stderr MODEL_LOG - odd .u001b`),
  );
  strictEqual(lines.length, 3);
  strictEqual(read("ts_log"), "");
});

Deno.test("writeMetricLine() and writeAccessLine() write to their own files, after the time (§6)", async () => {
  strictEqual(hasLogFiles(), false);
  writeMetricLine("ts_metrics", "nowhere");
  const read = await captureFiles(() => {
    strictEqual(hasLogFiles(), true);
    writeMetricLine("ts_metrics", "A.Count:1.0|#Level:Host");
    writeMetricLine("model_metrics", "B.ms:2.0|#Level:Model");
    writeAccessLine('/127.0.0.1:1 "GET /ping HTTP/1.1" 200 0', new Date(2024, 4, 30).getTime());
  });
  match(read("ts_metrics"), new RegExp(`^${TIME} - A\\.Count:1\\.0\\|#Level:Host\n$`));
  match(read("model_metrics"), new RegExp(`^${TIME} - B\\.ms:2\\.0\\|#Level:Model\n$`));
  strictEqual(
    read("access_log"),
    '2024-05-30T00:00:00,000 - /127.0.0.1:1 "GET /ping HTTP/1.1" 200 0\n',
  );
});

Deno.test("createLog() writes the first field's value alone after a message that ends in a colon", () => {
  const text = capture("text", (log) => log.info("Model Store:", { path: "/my models", n: 1 }));
  match(text, /models: Model Store: \/my models n=1\n$/);
});

Deno.test("createLog() shows what a handler prints line by line on a terminal, its ids behind each", () => {
  let written = "";
  configureLogging({ form: "text", isTerminal: true, write: (text) => written += text });
  createLog(MODEL_PART).info("Handler says", { worker: "9000", text: "one\ntwo\u001b[2J\n" });
  resetLogging();
  // deno-lint-ignore no-control-regex -- colours are controls
  const lines = written.replaceAll(/\u001b\[\d+m/g, "").trimEnd().split("\n");
  deepStrictEqual(lines.map((line) => line.slice(13)), [
    "INFO  model:   one worker=9000",
    "INFO  model:   two\\u001b[2J worker=9000",
  ]);
});

Deno.test("createLog() leaves the runtime's own frames out of a stack", () => {
  const stack = [
    "Error: late",
    "    at handle (MAR-INF/source/x.ts:1:2)",
    "    at dispatch (ext:deno_web/02_event.js:1:7177)",
    "    at ext:core/01_core.js:3:4",
  ].join("\n");
  const text = capture("text", (log) => log.error("Batch failed", { stack }));
  deepStrictEqual(text.trimEnd().split("\n").slice(1), [
    "    Error: late",
    "        at handle (MAR-INF/source/x.ts:1:2)",
  ]);
});
