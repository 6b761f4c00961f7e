import { match, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";

const MAIN_PATH = fileURLToPath(new URL("../../scripts/soak/main.ts", import.meta.url));

async function runSoak(...args: string[]): Promise<{ code: number; stdout: string }> {
  const output = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", MAIN_PATH, ...args],
    stderr: "inherit",
  }).output();
  return { code: output.code, stdout: new TextDecoder().decode(output.stdout) };
}

Deno.test("the soak of a few seconds ends with 0: every answer is the right one and nothing is left behind", async () => {
  const { code, stdout } = await runSoak("--minutes", "0.06", "--connections", "16");
  strictEqual(code, 0, stdout);
  match(stdout, /^\| ONNX, JSON +\| [\d,]+ answered/m);
  match(stdout, /^\| replace +\| [\d,]+ answered/m);
  match(stdout, /requests in 0\.\d minutes, [\d,]+ a second; 0 faults$/m);
});
