import { fileURLToPath } from "node:url";
import { ConfigError } from "./config/mod.ts";
import { hasAllPermissions, readRuntimeFlags } from "./_runtime_flags.ts";
import { ENGINE_FLAG, UNSTABLE_FLAGS } from "./own_flags.ts";

/** A program and its arguments. */
export interface OwnCommand {
  readonly program: string;
  readonly args: readonly string[];
}

/** True where the modules come from a web server and not from a checkout or a compiled program. */
export function isFromUrl(): boolean {
  return !Deno.build.standalone && !import.meta.url.startsWith("file:");
}

/**
 * How this same program is started once more: the compiled binary, or the runtime with the checkout or with
 * the address that it came from.
 *
 * @param permissionFlags What it may do, the same as this process unless given; a compiled binary's
 * permissions are in it.
 * @throws {ConfigError} If it is to have this process's permissions, and these are some only.
 */
export function createOwnCommand(
  args: readonly string[],
  permissionFlags?: readonly string[],
): OwnCommand {
  const program = Deno.execPath();
  if (Deno.build.standalone) return { program, args };
  const permissions = permissionFlags ?? inheritPermissions();
  if (isFromUrl()) {
    const flags = readRuntimeFlags();
    // What this process has loaded lies in the cache, so nothing is fetched in between.
    const own = ["--no-prompt", "--quiet", "--cached-only", ENGINE_FLAG, ...UNSTABLE_FLAGS];
    const modules = flags?.modules.filter((flag) => !own.includes(flag)) ?? [];
    const allowed = permissions.map((flag) => flag === "--deny-import" ? allowOwnOrigin() : flag);
    return { program, args: ["run", ...allowed, ...own, ...modules, Deno.mainModule, ...args] };
  }
  const config = fileURLToPath(new URL("../deno.json", import.meta.url));
  const main = fileURLToPath(Deno.mainModule);
  const own = ["--no-prompt", "--cached-only", "--frozen", ENGINE_FLAG, "--config", config];
  return { program, args: ["run", ...permissions, ...own, main, ...args] };
}

/** A program from a URL has to import itself; whoever may import nothing else gives this back. */
function allowOwnOrigin(): string {
  return `--allow-import=${new URL(Deno.mainModule).host}`;
}

/** A process may hand on what it has, and no more; which paths and hosts these are, the runtime does not tell. */
function inheritPermissions(): readonly string[] {
  if (hasAllPermissions()) return ["-A"];
  throw new ConfigError(
    "Cannot start another process: this one must have all permissions (-A) to hand them on, found some only",
  );
}
