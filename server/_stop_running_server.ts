/** `serve --stop`: ends what `serve --start` has started. */
import { join } from "node:path";
import { findRunningServer, isRunning, removeStalePidFile } from "./_pid_file.ts";

/** Beyond what a server takes to finish its requests and to give its models back. */
const DEADLINE_MS = 60_000;
const LOOK_EVERY_MS = 50;
const KEY_FILE = "key_file.json";

export type StopOutcome = "stopped" | "not_running" | "still_running";

export interface StopRunningServerOptions {
  /** Where the pid file is. */
  readonly tempDir: string;
  /** Where the key file is. */
  readonly cwd: string;
}

/**
 * Asks the server of the pid file to stop, waits until it has, and removes the key file.
 *
 * @returns `"still_running"` when it takes longer than 60 s.
 */
export async function stopRunningServer(options: StopRunningServerOptions): Promise<StopOutcome> {
  const { tempDir, cwd } = options;
  const running = await findRunningServer(tempDir);
  if (running === undefined) {
    await removeStalePidFile(tempDir);
    return "not_running";
  }
  try {
    Deno.kill(running.pid, "SIGTERM");
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
  const endsAtMs = performance.now() + DEADLINE_MS;
  while (await isRunning(running)) {
    if (performance.now() > endsAtMs) return "still_running";
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
  await removeStalePidFile(tempDir);
  await Deno.remove(join(cwd, KEY_FILE)).catch((error: unknown) => {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  });
  return "stopped";
}
