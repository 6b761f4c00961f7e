import { fileURLToPath } from "node:url";

/** A program and its arguments. */
export interface OwnCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** How this same program is started once more: the compiled binary, or the runtime with the checkout. */
export function createOwnCommand(args: readonly string[]): OwnCommand {
  const program = Deno.execPath();
  if (Deno.build.standalone) return { program, args };
  const config = fileURLToPath(new URL("../deno.json", import.meta.url));
  const main = fileURLToPath(Deno.mainModule);
  const runtimeArgs = ["run", "-A", "--no-prompt", "--cached-only", "--config", config, main];
  return { program, args: [...runtimeArgs, ...args] };
}
