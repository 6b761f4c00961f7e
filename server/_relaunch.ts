/**
 * Starts the program once more, with the runtime's flags that it needs: from a URL no `deno.json` gives them.
 */
import { createOwnCommand, isFromUrl } from "./_own_command.ts";
import { hasAllPermissions, readRuntimeFlags } from "./_runtime_flags.ts";

/** Without it no worker thread can be given permissions of its own. */
const NEEDED_FLAG = "--unstable-worker-options";

/** The first argument of a server that this file has started; not for people. */
export const RELAUNCHED_FLAG = "--relaunched";

/** The signals that are handed on, and the byte that stands for each. */
const BYTE_BY_SIGNAL = Deno.build.os === "windows"
  ? { SIGINT: 2, SIGBREAK: 21 } as const
  : { SIGINT: 2, SIGTERM: 15 } as const;

/**
 * Tells whether this process lacks a flag of the runtime, and may start another that has it: one with some
 * permissions only cannot hand them on, and says so. Where the system does not tell the flags, a server from
 * a URL is started once more in any case.
 */
export function needsRelaunch(): boolean {
  if (!isFromUrl() || !hasAllPermissions()) return false;
  return !(readRuntimeFlags()?.all.includes(NEEDED_FLAG) ?? false);
}

/**
 * Runs `serve` in a process of its own and answers that process's exit code, 128 and the signal's number
 * where a signal ended it.
 *
 * It has this process's permissions, output and environment. Signals reach it through its stdin, whose end
 * tells it that this process has gone.
 *
 * @param args What follows `serve`.
 */
export async function relaunchServe(args: readonly string[]): Promise<number> {
  const command = createOwnCommand(["serve", RELAUNCHED_FLAG, ...args]);
  const child = new Deno.Command(command.program, {
    args: [...command.args],
    stdin: "piped",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const stdin = child.stdin.getWriter();
  const listeners = Object.entries(BYTE_BY_SIGNAL).map(([name, byte]) => {
    const listener = (): void => void stdin.write(Uint8Array.of(byte)).catch(() => {});
    Deno.addSignalListener(name as Deno.Signal, listener);
    return [name as Deno.Signal, listener] as const;
  });
  try {
    return (await child.status).code;
  } finally {
    for (const [name, listener] of listeners) Deno.removeSignalListener(name, listener);
    await stdin.close().catch(() => {});
  }
}

/**
 * Receives the signals that {@linkcode relaunchServe} hands on, for the process that it started; when that
 * one has gone, however it ended, this process ends as by SIGKILL.
 *
 * @param onSignal Told each signal once.
 */
export async function receiveHandedSignals(onSignal: (signal: Deno.Signal) => void): Promise<void> {
  const kill = Deno.kill;
  const buffer = new Uint8Array(16);
  for (;;) {
    const length = await Deno.stdin.read(buffer).catch(() => null);
    if (length === null) return kill(Deno.pid, "SIGKILL");
    for (const byte of buffer.subarray(0, length)) {
      const found = Object.entries(BYTE_BY_SIGNAL).find(([, value]) => value === byte);
      if (found !== undefined) onSignal(found[0] as Deno.Signal);
    }
  }
}
