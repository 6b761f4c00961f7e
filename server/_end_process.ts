import { hasBusyThreads } from "./scheduling/mod.ts";

/** The C library that holds `_exit`; Windows ends a process without waiting for its threads anyway. */
const C_LIBRARIES: Readonly<Partial<Record<typeof Deno.build.os, string>>> = {
  linux: "libc.so.6",
  darwin: "libSystem.B.dylib",
};

/**
 * Ends the process at once when a worker is still inside a native library: an ordinary end destroys that
 * library's state first, and the process crashes with 134 in place of its own code. Otherwise, and where
 * the C library may not be opened, it does nothing and the caller ends the process as usual.
 *
 * @param exitCode 0 to 255.
 */
export function endBusyProcess(exitCode: number): void {
  const path = C_LIBRARIES[Deno.build.os];
  if (path === undefined || !hasBusyThreads()) return;
  let library;
  try {
    library = Deno.dlopen(path, { _exit: { parameters: ["i32"], result: "void" } });
  } catch {
    return;
  }
  library.symbols._exit(exitCode);
}
