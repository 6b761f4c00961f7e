import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { createLog } from "../../server/logging/mod.ts";
import { openProcessLog } from "../../server/process_log.ts";
import { TempFolder } from "../support/temp_folder.ts";

Deno.test("openProcessLog() writes what was gathered when an error that nobody catches ends the process", async () => {
  await using temp = await TempFolder.create();
  const logs = { dir: temp.path, metricsDir: temp.path };
  await using _log = await openProcessLog({ logs, isTerminal: false, write: () => {} });
  createLog("models").info("Shortly before");
  globalThis.dispatchEvent(new ErrorEvent("error", { error: new Error("the end") }));
  const lines = Deno.readTextFileSync(temp.at("ts_log.log")).split("\n");
  match(lines[0]!, / \[INFO \] main marina\.models - Shortly before$/);
  match(lines[1]!, / \[ERROR\] main marina\.server - The server ends, an error was not caught$/);
  match(lines[2]!, /^ {4}Error: the end$/);
});

Deno.test.each(
  [
    { form: "text", isTerminal: false, pattern: /INFO {2}models: Here\n$/ },
    { form: "json", isTerminal: true, pattern: /"message":"Here"}\n$/ },
    { form: undefined, isTerminal: false, pattern: /"message":"Here"}\n$/ },
    { form: undefined, isTerminal: true, pattern: /models: {2}Here\n$/ },
  ] as const,
)(
  "openProcessLog() writes lines of the form $form to a console whose isTerminal is $isTerminal",
  async ({ form, isTerminal, pattern }) => {
    await using temp = await TempFolder.create();
    let written = "";
    const logs = { form, dir: temp.path, metricsDir: temp.path };
    const write = (text: string): void => void (written += text);
    await using _log = await openProcessLog({ logs, isTerminal, write });
    createLog("models").info("Here");
    match(written, pattern);
  },
);

Deno.test("openProcessLog() goes on without log files and says so once, when their folder cannot be made", async () => {
  await using temp = await TempFolder.create();
  const dir = await temp.write("file");
  const lines: Record<string, unknown>[] = [];
  {
    const logs = { dir: `${dir}/logs`, metricsDir: `${dir}/logs` };
    await using _log = await openProcessLog({
      logs,
      isTerminal: false,
      write: (text) => void lines.push(JSON.parse(text)),
    });
    createLog("models").info("Here");
  }
  deepStrictEqual(lines.map(({ level, part }) => [level, part]), [
    ["warning", "logging"],
    ["info", "models"],
  ]);
  match(String(lines[0]!.message), /^Cannot write a log file/);
  strictEqual(lines[1]!.message, "Here");
});
