/** Sees to it that a worker's process ends when its server does, even one that is killed. */

import { startParentWatchThread } from "../worker_thread.ts";
import type { ChildOptions } from "./child_options.ts";

/** Linux's `prctl` option that names the signal a process gets when its parent ends. */
const PR_SET_PDEATHSIG = 1;
const SIGKILL = 9n;

/**
 * Binds this process's life to its parent's. The kernel does it where the C library can be asked
 * ([prctl(2)](https://man7.org/linux/man-pages/man2/pr_set_pdeathsig.2const.html)), a thread that waits
 * for the end of stdin does it elsewhere: both while a handler is caught in an endless loop.
 *
 * @returns False when the parent has gone already.
 */
export function bindToParent({ libc, parentPid }: ChildOptions): boolean {
  if (libc === undefined || !askKernel(libc)) startParentWatchThread();
  return Deno.ppid === parentPid;
}

function askKernel(libc: string): boolean {
  try {
    const library = Deno.dlopen(libc, {
      prctl: { parameters: ["i32", "u64", "u64", "u64", "u64"], result: "i32" },
    });
    const isSet = library.symbols.prctl(PR_SET_PDEATHSIG, SIGKILL, 0n, 0n, 0n) === 0;
    library.close();
    return isSet;
  } catch {
    return false;
  }
}
