import { createWorkerEnvironment } from "../../config/mod.ts";
import type { CarrierOptions } from "../carrier.ts";
import { resolvePackagesDir } from "../packages_dir.ts";
import { LOOPBACK } from "./_tcp_channel.ts";
import type { Channel, ChannelAddress } from "./channel.ts";
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

export interface StartedChild {
  readonly child: Deno.ChildProcess;
  /** Resolves once its stdin is free. */
  readonly told: Promise<void>;
}

const BYTES_PER_MB = 1024 * 1024;

/** Spawns a worker's process: its permissions are a thread's and the one channel, its environment is nearly empty. */
export function spawnChild(
  { name, modelDir, memoryLimitBytes }: CarrierOptions,
  { address, token }: Channel,
  { createCommand, nativeDir }: SpawnParts,
): StartedChild {
  const libc = findLibc();
  const parentPid = Deno.pid;
  const options: ChildOptions = { channel: address, parentPid, modelDir, name, nativeDir, libc };
  const { program, args } = createCommand(
    ["worker", JSON.stringify(options)],
    createPermissionFlags(modelDir, nativeDir ?? resolvePackagesDir(), address, libc),
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
  const child = new Deno.Command(program, {
    args: [...args],
    clearEnv: true,
    env,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  return { child, told: tell(child, token) };
}

/** Through the one way that neither other users nor the system's list of processes can show. */
async function tell({ stdin }: Deno.ChildProcess, token: Uint8Array<ArrayBuffer>): Promise<void> {
  if (token.length === 0) return;
  const writer = stdin.getWriter();
  try {
    await writer.write(token);
  } catch {
    // It has ended already, which is told elsewhere.
  }
  writer.releaseLock();
}

/**
 * What the process has before it locks itself down: a thread's permissions (see `worker_thread.ts`), its
 * channel, and the C library for one call. The right to open sockets goes back as soon as the one is open.
 */
function createPermissionFlags(
  modelDir: string,
  nativeDir: string,
  channel: ChannelAddress,
  libc: string | undefined,
): string[] {
  const isUnix = channel.kind === "unix";
  const sockets = isUnix ? [channel.path] : [];
  const libraries = libc === undefined ? [nativeDir] : [nativeDir, libc];
  const flags = [
    `--allow-read=${toList(modelDir, resolvePackagesDir(), nativeDir, ...sockets)}`,
    `--allow-ffi=${toList(...libraries)}`,
    // The runtime asks for all of the net before it opens a Unix socket.
    isUnix ? "--allow-net" : `--allow-net=${LOOPBACK}:${channel.port}`,
    "--allow-env",
    "--allow-sys",
    "--deny-import",
  ];
  return isUnix ? [...flags, `--allow-write=${toList(channel.path)}`] : flags;
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
