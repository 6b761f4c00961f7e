import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import {
  configureLogging,
  createLog,
  type Log,
  resetLogging,
} from "../../../server/logging/mod.ts";

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
