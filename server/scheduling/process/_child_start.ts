import { createWorkerEnvironment } from "../../config/mod.ts";
import type { CarrierOptions } from "../carrier.ts";
import { resolvePackagesDir } from "../packages_dir.ts";
import type { ChildOptions } from "./child_options.ts";

/** How this program is started once more, with these permissions where they can be chosen. */
export type CreateCommand = (
  args: readonly string[],
  permissionFlags: readonly string[],
) => { readonly program: string; readonly args: readonly string[] };

export interface SpawnParts {
  readonly createCommand: CreateCommand;
  /** See `nativeDir` of `LoadMessage`. */
  readonly nativeDir: string | undefined;
}

const BYTES_PER_MB = 1024 * 1024;

/** Spawns a worker's process: its permissions are a thread's and the one socket, its environment is nearly empty. */
export function spawnChild(
  { name, modelDir, memoryLimitBytes }: CarrierOptions,
  socket: string,
  { createCommand, nativeDir }: SpawnParts,
): Deno.ChildProcess {
  const libc = findLibc();
  const parentPid = Deno.pid;
  const options: ChildOptions = { socket, parentPid, modelDir, name, nativeDir, libc };
  const { program, args } = createCommand(
    ["worker", JSON.stringify(options)],
    createPermissionFlags(modelDir, nativeDir ?? resolvePackagesDir(), socket, libc),
  );
  const env: Record<string, string> = {
    ...createWorkerEnvironment(),
    ORT_DISABLE_TELEMETRY: "1",
    DENO_NO_UPDATE_CHECK: "1",
    NO_COLOR: "1",
  };
  if (memoryLimitBytes !== undefined) {
    const heapMb = Math.max(1, Math.floor(memoryLimitBytes / BYTES_PER_MB));
    env.DENO_V8_FLAGS = `--max-old-space-size=${heapMb}`;
  }
  return new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/**
 * What the process has before it locks itself down: a thread's permissions (see `worker_thread.ts`), its
 * socket, and the C library for one call. The right to open sockets goes back as soon as the one is open.
 */
function createPermissionFlags(
  modelDir: string,
  nativeDir: string,
  socket: string,
  libc: string | undefined,
): string[] {
  const libraries = libc === undefined ? [nativeDir] : [nativeDir, libc];
  return [
    `--allow-read=${toList(modelDir, resolvePackagesDir(), nativeDir, socket)}`,
    `--allow-write=${toList(socket)}`,
    `--allow-ffi=${toList(...libraries)}`,
    "--allow-net",
    "--allow-env",
    "--allow-sys",
    "--deny-import",
  ];
}

/** A comma within a path is written twice. */
function toList(...paths: string[]): string {
  return paths.map((path) => path.replaceAll(",", ",,")).join(",");
}

/** The C library that this process runs with: its path, as a process with few permissions has to name it. */
function findLibc(): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const maps = Deno.readTextFileSync("/proc/self/maps");
    return /(\/\S*\/(?:libc[-.]\S*|ld-musl-\S+\.so\.1))$/m.exec(maps)?.[1];
  } catch {
    return undefined;
  }
}
