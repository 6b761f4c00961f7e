/** Child processes of the bench: each measurement is a process of its own. */

/** Runs a command to its end and answers its standard output; throws with its last words otherwise. */
export async function runToEnd(command: string, args: readonly string[]): Promise<string> {
  const output = await new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    env: { ORT_DISABLE_TELEMETRY: "1", DENO_NO_UPDATE_CHECK: "1" },
  }).output();
  const decoder = new TextDecoder();
  if (!output.success) {
    const lastWords = decoder.decode(output.stderr).trim().split("\n").slice(-5).join("\n");
    throw new Error(
      `Cannot run "${command} ${
        args.join(" ")
      }": expected exit code 0, received ${output.code}\n${lastWords}`,
    );
  }
  return decoder.decode(output.stdout);
}

/** Runs one file of this folder as a process of its own. */
export function runScript(name: string, args: readonly string[]): Promise<string> {
  const path = new URL(name, import.meta.url).pathname;
  return runToEnd(Deno.execPath(), ["run", "-A", path, ...args]);
}

/** A server of the bench that runs until it is disposed of. */
export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
}

/** Starts a command and waits until `url` answers anything at all. */
export async function startServer(
  command: string,
  args: readonly string[],
  url: string,
): Promise<ServerProcess> {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: "null",
    stdout: "null",
    stderr: "null",
    env: { ORT_DISABLE_TELEMETRY: "1" },
  }).spawn();
  let exitCode: number | undefined;
  const ended = child.status.then(({ code }) => exitCode = code);
  const deadlineMs = performance.now() + 60_000;
  while (!(await hasAnswer(url))) {
    if (exitCode !== undefined || performance.now() > deadlineMs) {
      if (exitCode === undefined) child.kill("SIGKILL");
      await ended;
      throw new Error(`Cannot start "${command}": no answer from ${url} within 60 s`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      if (exitCode === undefined) child.kill("SIGTERM");
      const lastResort = setTimeout(() => child.kill("SIGKILL"), 10_000);
      await ended;
      clearTimeout(lastResort);
    },
  };
}

async function hasAnswer(url: string): Promise<boolean> {
  try {
    await (await fetch(url, { signal: AbortSignal.timeout(1000) })).body?.cancel();
    return true;
  } catch {
    return false;
  }
}

/** A port that was free a moment ago, for servers that cannot choose one themselves. */
export function findFreePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Whether a command can be started. */
export async function hasCommand(command: string): Promise<boolean> {
  try {
    await new Deno.Command(command, { args: ["-v"], stdout: "null", stderr: "null" }).output();
    return true;
  } catch {
    return false;
  }
}
