import { fileURLToPath } from "node:url";

/** A program and its arguments. */
export interface OwnCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/**
 * How this same program is started once more: the compiled binary, or the runtime with the checkout.
 *
 * @param permissionFlags What it may do, everything unless given; a compiled binary's permissions are in it.
 */
export function createOwnCommand(
  args: readonly string[],
  permissionFlags: readonly string[] = ["-A"],
): OwnCommand {
  const program = Deno.execPath();
  if (Deno.build.standalone) return { program, args };
  const config = fileURLToPath(new URL("../deno.json", import.meta.url));
  const main = fileURLToPath(Deno.mainModule);
  const runtimeArgs = [...permissionFlags, "--no-prompt", "--cached-only", "--config", config];
  return { program, args: ["run", ...runtimeArgs, main, ...args] };
}
