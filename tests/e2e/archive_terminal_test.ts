import { match, ok, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { hasPython, runPython } from "../support/python.ts";
import { TempFolder } from "../support/temp_folder.ts";

const MAIN = fileURLToPath(new URL("../../main.ts", import.meta.url));
const CONFIG = fileURLToPath(new URL("../../deno.json", import.meta.url));

/** Runs its arguments on a terminal of their own, and prints what the terminal was sent. */
const TERMINAL_SCRIPT = `import sys, os, json, pty
master, slave = pty.openpty()
pid = os.fork()
if pid == 0:
  os.dup2(slave, 2); os.execvp(sys.argv[1], sys.argv[1:])
os.close(slave); out = b""
try:
  while True:
    piece = os.read(master, 65536)
    if not piece: break
    out += piece
except OSError: pass
print(json.dumps([os.waitpid(pid, 0)[1], out.decode()]))`;

async function packOnTerminal(sizeBytes: number): Promise<unknown[]> {
  await using folder = await TempFolder.create();
  await folder.write("weights.bin", "");
  await Deno.truncate(folder.at("weights.bin"), sizeBytes);
  return await runPython(TERMINAL_SCRIPT, [
    ...[Deno.execPath(), "run", "-A", "--quiet", "--config", CONFIG, MAIN, "archive"],
    ...["--model-name", "m", "--handler", "base_handler", "-v", "1", "--export-path", folder.path],
    ...["--archive-format", "zip-store", "--serialized-file", folder.at("weights.bin")],
  ]) as unknown[];
}

const options = { ignore: !hasPython || Deno.build.os === "windows" };

Deno.test(
  "archive shows a bar for 100 MB on a terminal, and wipes it (needs python3)",
  options,
  async () => {
    const [status, sent] = await packOnTerminal(100_000_000);
    strictEqual(status, 0);
    match(sent as string, /\rweights\.bin \[.*[#-]{24}.*\] +\d+% \d+ MB\/s \d+:\d\d left/);
    ok((sent as string).endsWith("\r\x1b[K"));
  },
);

Deno.test("archive shows nothing for 1 MB on a terminal (needs python3)", options, async () => {
  const [status, sent] = await packOnTerminal(1_000_000);
  strictEqual(status, 0);
  strictEqual(sent, "");
});
