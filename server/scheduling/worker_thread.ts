/** The only file that makes and ends worker threads, and says what they may do. */

import type { CarrierEvents, CarrierOptions, StartCarrier, WorkerCarrier } from "./carrier.ts";
import { resolvePackagesDir } from "./packages_dir.ts";
import { type FromWorkerMessage, transferablesOf } from "./protocol.ts";

/**
 * What a worker thread may do while it is being set up. The runtime reads its own packages, opens its
 * native libraries and asks the system about itself; all of that is given back in the worker
 * (`worker/lockdown.ts`) before the first line of a handler runs. What stays is reading the model folder.
 */
function createPermissions(
  modelDir: string,
  nativeDir: string | undefined,
): Deno.PermissionOptionsObject {
  const packages = resolvePackagesDir();
  return {
    read: [modelDir, packages, nativeDir ?? packages],
    ffi: [nativeDir ?? packages],
    env: true,
    sys: true,
    net: false,
    write: false,
    run: false,
    import: false,
  };
}

/** Ends its process when the server at the other end of stdin has gone; that never writes there. */
const PARENT_WATCH = `const kill = Deno.kill;
const buffer = new Uint8Array(1);
while (await Deno.stdin.read(buffer) !== null);
kill(Deno.pid, "SIGKILL");`;

/**
 * Starts the thread that ends a worker's process when its server has gone; it may do nothing else, and ends
 * with the process. It comes as a text: the process may not read the server's modules.
 */
export function startParentWatchThread(): void {
  new Worker(`data:text/javascript,${encodeURIComponent(PARENT_WATCH)}`, {
    type: "module",
    name: "parent watch",
    deno: { permissions: "none" },
  });
}

/**
 * Makes a thread that may do nothing and ends it. Where the runtime was started without
 * `--unstable-worker-options` it ends the process here, with a line that names the flag, and not when the
 * first model is registered.
 */
export function assertThreadPermissions(): void {
  new Worker("data:text/javascript,", { type: "module", deno: { permissions: "none" } })
    .terminate();
}

/** Threads that were started and have not given their model back. */
let busyThreads = 0;

/**
 * Tells whether a thread may be inside a native library now. An ordinary end of the process destroys that
 * library's state under the thread's feet, and ends as a crash.
 */
export function hasBusyThreads(): boolean {
  return busyThreads > 0;
}

/**
 * Makes what starts worker threads.
 *
 * @param nativeDir See `nativeDir` of `LoadMessage`.
 */
export function createThreadStarter(nativeDir: string | undefined): StartCarrier {
  return (options, events) => startThread(options, events, nativeDir);
}

/**
 * Starts a worker thread for one model folder.
 *
 * The caller ends it with `terminate()`. An uncaught error in the thread becomes `onFailure` and never
 * reaches the server.
 */
function startThread(
  options: CarrierOptions,
  events: CarrierEvents,
  nativeDir: string | undefined,
): WorkerCarrier {
  const worker = new Worker(new URL("./worker/main.ts", import.meta.url), {
    type: "module",
    name: options.name,
    deno: { permissions: createPermissions(options.modelDir, nativeDir) },
  });
  busyThreads++;
  worker.onmessage = (event: MessageEvent<FromWorkerMessage>) => events.onMessage(event.data);
  worker.onerror = (event) => {
    event.preventDefault();
    events.onFailure({ message: event.message, line: event.lineno || undefined });
  };
  worker.onmessageerror = () => events.onFailure({ message: "A message could not be read" });
  return {
    post(message, { keepsBytes = false } = {}) {
      const told = message.type === "load" ? { ...message, nativeDir } : message;
      worker.postMessage(told, keepsBytes ? [] : transferablesOf(message));
    },
    terminate({ isReleased }) {
      if (isReleased) busyThreads--;
      worker.onmessage = null;
      worker.onerror = (event) => event.preventDefault();
      worker.terminate();
    },
  };
}
