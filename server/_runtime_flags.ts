/** What this process was started with: the runtime tells a program its own arguments, and no others. */

/** Flags by which a runtime finds and checks the same modules; all processes of one server share them. */
const MODULE_FLAG_REGEXP =
  /^--(lock|frozen|no-lock|cached-only|cert|import-map|config|no-config|no-remote|no-npm|node-modules-dir)(=|$)/;
/** The value of these may be an argument of its own. */
const VALUE_FLAGS: readonly string[] = ["--cert", "--import-map", "--config"];

const PERMISSIONS = ["read", "write", "net", "run", "env", "sys", "ffi", "import"] as const;

/** The flags between the runtime's name and the program's. */
export interface RuntimeFlags {
  readonly all: readonly string[];
  /** See above: no permissions are among them. */
  readonly modules: readonly string[];
}

/**
 * Reads the runtime's flags of this process, where the system tells them: on Linux, to a process that may
 * do everything (the runtime keeps `/proc/self/cmdline` from all others).
 *
 * @param main What the runtime was told to run.
 */
export function readRuntimeFlags(main: string = Deno.mainModule): RuntimeFlags | undefined {
  if (Deno.build.os !== "linux") return undefined;
  let text: string;
  try {
    text = Deno.readTextFileSync("/proc/self/cmdline");
  } catch {
    return undefined;
  }
  return splitRuntimeFlags(text.split("\0").slice(1), main);
}

/**
 * Sorts the flags that stand before the program.
 *
 * @param args A command line without the program's name.
 * @returns Undefined if the program is not among them: it was started by another word.
 */
export function splitRuntimeFlags(
  args: readonly string[],
  main: string,
): RuntimeFlags | undefined {
  const end = args.indexOf(main);
  if (end < 0) return undefined;
  const all = args.slice(0, end).filter((arg, index) => index > 0 || arg !== "run");
  const modules: string[] = [];
  for (let at = 0; at < all.length; at++) {
    if (!MODULE_FLAG_REGEXP.test(all[at]!)) continue;
    modules.push(all[at]!);
    if (VALUE_FLAGS.includes(all[at]!) && at + 1 < all.length) modules.push(all[++at]!);
  }
  return { all, modules };
}

/** True for a process that may do everything, as with `-A` alone. */
export function hasAllPermissions(): boolean {
  return PERMISSIONS.every((name) => {
    const status = Deno.permissions.querySync({ name });
    return status.state === "granted" && !status.partial;
  });
}
