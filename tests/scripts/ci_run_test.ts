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
  /** A word of the command that is to fail: `check`, `demo`, `install`, `compile`. */
  readonly failing?: string;
  /** What the tests against the compiled program print last; without it there is no base executable. */
  readonly compiled?: string;
}

async function runGate({ summary, testCode = 0, failing = "none", compiled }: GateRun) {
  const dir = await mkdtemp(join(tmpdir(), "gate-"));
  try {
    const binDir = join(dir, "bin");
    await mkdir(binDir);
    await mkdir(join(dir, "project", ".ci"), { recursive: true });
    await copyFile(GATE_PATH, join(dir, "project", ".ci", "run"));
    await writeFile(join(dir, "project", "deno.lock"), "{}");
    await mkdir(join(dir, "project", "tests", "e2e"), { recursive: true });
    for (const name of ["a_test.ts", "remote_url_test.ts", "_home.ts"]) {
      await writeFile(join(dir, "project", "tests", "e2e", name), "");
    }
    const npx = `#!/bin/sh\ncase "$*" in\n` +
      `*" ${failing}"*) exit 1;;\n` +
      `*"task compile --output-dir "*) for last; do :; done; : > "$last/marina-here";;\n` +
      `*" test -A tests/e2e/a_test.ts") case "$MARINA_CMD" in */marina-here) ` +
      `printf '%s\\n' '${compiled}';; esac;;\n*"task test"*) printf '%s\\n' '${summary}'; ` +
      `exit ${testCode};;\nesac\n`;
    await writeFile(join(binDir, "npx"), npx, { mode: 0o755 });
    await writeFile(join(binDir, "apt-get"), "#!/bin/sh\n", { mode: 0o755 });
    const { code, stdout } = await new Deno.Command("bash", {
      args: [join(dir, "project", ".ci", "run")],
      cwd: "/",
      env: {
        PATH: `${binDir}:${Deno.env.get("PATH")}`,
        DENORT_BIN: compiled === undefined ? "" : "base",
      },
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
    lastLine: "12 passed, 0 failed, 2 skipped",
    code: 0,
  },
  {
    what: "one skip where there is no base executable, and none of the runner's",
    summary: "ok | 2 passed | 0 failed (1s)",
    lastLine: "2 passed, 0 failed, 1 skipped",
    code: 0,
  },
  {
    what: "failed tests",
    summary: "FAILED | 1 passed (1 step) | 2 failed (4 steps) | 3 ignored (13ms)",
    testCode: 1,
    lastLine: "1 passed, 2 failed, 4 skipped",
    code: 1,
  },
  {
    what: "one failure for a run that crashed",
    summary: "error: Type checking failed.",
    testCode: 1,
    lastLine: "0 passed, 1 failed, 1 skipped",
    code: 1,
  },
  {
    what: "one failure for a run that says nothing",
    summary: "",
    lastLine: "0 passed, 1 failed, 1 skipped",
    code: 1,
  },
  {
    what: "a failed check",
    summary: GREEN,
    failing: "task check",
    lastLine: "12 passed, 1 failed, 2 skipped",
    code: 1,
  },
  {
    what: "a failed demo",
    summary: GREEN,
    failing: "task demo",
    lastLine: "12 passed, 1 failed, 2 skipped",
    code: 1,
  },
  {
    what: "the tests against the compiled program too",
    summary: GREEN,
    compiled: "ok | 7 passed | 0 failed | 2 ignored (2ms)",
    lastLine: "19 passed, 0 failed, 3 skipped",
    code: 0,
  },
  {
    what: "what fails against the compiled program alone",
    summary: GREEN,
    compiled: "FAILED | 6 passed | 1 failed (2ms)",
    lastLine: "18 passed, 1 failed, 1 skipped",
    code: 1,
  },
  {
    what: "a program that cannot be compiled",
    summary: GREEN,
    compiled: "",
    failing: "compile",
    lastLine: "12 passed, 1 failed, 1 skipped",
    code: 1,
  },
])(".ci/run counts $what", async ({ lastLine, code, ...run }) => {
  const outcome = await runGate(run);
  strictEqual(outcome.lastLine, lastLine);
  strictEqual(outcome.code, code);
});
