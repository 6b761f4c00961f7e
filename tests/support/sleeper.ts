export const isWindows = Deno.build.os === "windows";

export interface Sleeper extends AsyncDisposable {
  readonly pid: number;
  /** Whether nothing but its disposal has ended it. */
  isAlive(): boolean;
}

/** A process that does nothing until it is disposed of: somebody else's program. */
export function spawnSleeper(): Sleeper {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", "await new Response(Deno.stdin.readable).text()"],
    stdin: "piped",
    stdout: "null",
    stderr: "null",
  }).spawn();
  let hasEnded = false;
  const ended = child.status.then(() => {
    hasEnded = true;
  });
  return {
    pid: child.pid,
    isAlive: () => !hasEnded,
    async [Symbol.asyncDispose]() {
      await child.stdin.close().catch(() => {});
      await ended;
    },
  };
}
