import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { runMarina, startMarina } from "../support/marina_process.ts";
import { TempFolder } from "../support/temp_folder.ts";

Deno.test("archive bundles a handler that is served as it is, and whose errors name the TypeScript line", async () => {
  await using folder = await TempFolder.create();
  await folder.write("src/level.ts", "export enum Level { Low, High }\n");
  await folder.write(
    "src/handler.ts",
    [
      'import { type HandlerData, PredictionException } from "marina";',
      'import { Level } from "./level.ts";',
      "",
      "export function handle(rows: HandlerData[] | null): unknown[] | null {",
      "  return rows && rows.map((row) => {",
      '    if (row.teapot) throw new PredictionException("short and stout", 418);',
      '    if (row.boom) throw new Error("boom");',
      "    return { level: Level.High };",
      "  });",
      "}",
    ].join("\n"),
  );
  const args = ["--model-name", "m", "--version", "1", "--handler", "handler.ts"];
  const cwd = folder.at("src");
  const packed = await runMarina(["archive", ...args, "--export-path", "../store"], { cwd });
  strictEqual(packed.code, 0, packed.stderr);
  // Nothing that the server runs is left to find elsewhere.
  await Deno.remove(cwd, { recursive: true });

  await using marina = await startMarina({
    args: ["--model-store", folder.at("store"), "--models", "m=m.mar"],
  });
  const ask = async (field: string) => {
    const body = new FormData();
    body.set(field, "1");
    const response = await fetch(`${marina.inferenceUrl}/predictions/m`, { method: "POST", body });
    return { status: response.status, answer: await response.json() };
  };
  deepStrictEqual(await ask("data"), { status: 200, answer: { level: 1 } });
  // The class is the server's own, or its status would be lost.
  strictEqual((await ask("teapot")).status, 418);
  strictEqual((await ask("boom")).status, 503);
  const line = await marina.waitForStderr(/Batch failed.*boom|boom.*Batch failed/);
  strictEqual(/MAR-INF\/source\/handler\.ts(:7\b|","line":7\b)/.test(line), true, line);
});

Deno.test("archive refuses an import that cannot be found with file, line and way out, and writes nothing", async () => {
  await using folder = await TempFolder.create();
  await folder.write("h.ts", '\nimport { x } from "./gone.ts";\nexport const handle = () => x;\n');
  const args = ["--model-name", "m", "--version", "1", "--handler", "h.ts"];
  const outcome = await runMarina(["archive", ...args], { cwd: folder.path });
  deepStrictEqual(outcome, {
    code: 1,
    stdout: "",
    stderr: 'ERROR - Cannot bundle handler "h.ts": it imports "./gone.ts": ' +
      "the file does not exist (h.ts, line 2)\n",
  });
});
