/** The gate's own arithmetic: `.ci/run` with an `npx` that only prints what Deno would. */
import { strictEqual } from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const GATE_PATH = fileURLToPath(new URL("../../.ci/run", import.meta.url));

interface GateRun {
  /** What the test runner prints last, and its exit code. */
  readonly summary: string;
  readonly testCode?: number;
  /** A word of the command that is to fail: `check`, `demo`, `install`. */
  readonly failing?: string;
}

async function runGate({ summary, testCode = 0, failing = "none" }: GateRun) {
  const dir = await mkdtemp(join(tmpdir(), "gate-"));
  try {
    const binDir = join(dir, "bin");
    await mkdir(binDir);
    await mkdir(join(dir, "project", ".ci"), { recursive: true });
    await copyFile(GATE_PATH, join(dir, "project", ".ci", "run"));
    await writeFile(join(dir, "project", "deno.lock"), "{}");
    const npx = `#!/bin/sh\ncase "$*" in\n*"task test"*) printf '%s\\n' '${summary}'; ` +
      `exit ${testCode};;\n*" ${failing}"*) exit 1;;\nesac\n`;
    await writeFile(join(binDir, "npx"), npx, { mode: 0o755 });
    await writeFile(join(binDir, "apt-get"), "#!/bin/sh\n", { mode: 0o755 });
    const { code, stdout } = await new Deno.Command("bash", {
      args: [join(dir, "project", ".ci", "run")],
      cwd: "/",
      env: { PATH: `${binDir}:${Deno.env.get("PATH")}` },
      stderr: "null",
    }).output();
    return { code, lastLine: new TextDecoder().decode(stdout).trimEnd().split("\n").at(-1) };
  } finally {
    await rm(dir, { recursive: true });
  }
}

const GREEN = "ok | 12 passed (3 steps) | 0 failed | 1 ignored (2ms)";

Deno.test.each<GateRun & { what: string; lastLine: string; code: number }>([
  {
    what: "the runner's counts",
    summary: GREEN,
    lastLine: "12 passed, 0 failed, 1 skipped",
    code: 0,
  },
  {
    what: "no skipped test where the runner names none",
    summary: "ok | 2 passed | 0 failed (1s)",
    lastLine: "2 passed, 0 failed, 0 skipped",
    code: 0,
  },
  {
    what: "failed tests",
    summary: "FAILED | 1 passed (1 step) | 2 failed (4 steps) | 3 ignored (13ms)",
    testCode: 1,
    lastLine: "1 passed, 2 failed, 3 skipped",
    code: 1,
  },
  {
    what: "one failure for a run that crashed",
    summary: "error: Type checking failed.",
    testCode: 1,
    lastLine: "0 passed, 1 failed, 0 skipped",
    code: 1,
  },
  {
    what: "one failure for a run that says nothing",
    summary: "",
    lastLine: "0 passed, 1 failed, 0 skipped",
    code: 1,
  },
  {
    what: "a failed check",
    summary: GREEN,
    failing: "task check",
    lastLine: "12 passed, 1 failed, 1 skipped",
    code: 1,
  },
  {
    what: "a failed demo",
    summary: GREEN,
    failing: "task demo",
    lastLine: "12 passed, 1 failed, 1 skipped",
    code: 1,
  },
])(".ci/run counts $what", async ({ lastLine, code, ...run }) => {
  const outcome = await runGate(run);
  strictEqual(outcome.lastLine, lastLine);
  strictEqual(outcome.code, code);
});
