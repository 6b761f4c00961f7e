/** Gives back what only the worker's set-up needed, before the first line of a handler runs. */

import process from "node:process";
import { forgetLoadedModules } from "./native_sessions.ts";

/** Thrown where a handler ends its worker; it unwinds the handler and nothing else. */
export class WorkerExit extends Error {
  override readonly name = "WorkerExit";
}

/**
 * Revokes every permission but reading the model folder, and turns each way of ending the thread into a
 * message: the runtime ends a thread without telling anyone, and its model would stay in memory.
 *
 * A revocation stays in this thread because it was started with permissions of its own.
 *
 * @param packagesDirs The folders with the runtime's packages, all of which are loaded by now.
 * @param onExit Told once, with what the handler called.
 */
export function lockDown(packagesDirs: readonly string[], onExit: (what: string) => void): void {
  for (const name of ["ffi", "env", "sys"] as const) Deno.permissions.revokeSync({ name });
  for (const path of packagesDirs) Deno.permissions.revokeSync({ name: "read", path });
  forgetLoadedModules();

  const exit = (what: string) => (code?: unknown): never => {
    const call = `${what}(${code ?? ""})`;
    onExit(call);
    throw new WorkerExit(`The handler ended its worker with ${call}`);
  };
  Deno.exit = exit("Deno.exit");
  process.exit = exit("process.exit");
  Object.assign(process, { reallyExit: exit("process.reallyExit") });
  process.abort = exit("process.abort");
  self.close = exit("close");

  // These keep data on the disk without asking for a permission, or wait for somebody at a terminal.
  for (const name of ["localStorage", "sessionStorage", "caches", "alert", "confirm", "prompt"]) {
    Object.defineProperty(globalThis, name, { value: undefined, configurable: false });
  }

  // A process may always signal itself, whatever its permissions: that would be the server. A thread of
  // the handler's own would have all of these functions anew.
  Deno.kill = refuse("Deno.kill");
  process.kill = refuse("process.kill");
  Object.assign(globalThis, { Worker: refuse("Worker") });
}

function refuse(what: string): () => never {
  return () => {
    throw new Deno.errors.NotCapable(`Cannot call ${what}: handlers may not`);
  };
}
