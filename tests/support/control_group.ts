/**
 * A control group of a test's own, in which a server finds itself as in a container whose control groups
 * are writable.
 */
import { join } from "node:path";
import { locateControlGroups, probeMemoryGroups } from "../../server/scheduling/mod.ts";
import { createCommandPrefix } from "./marina_process.ts";

export interface OwnControlGroup extends AsyncDisposable {
  /** Where a server that is started by `command` makes the groups of its workers. */
  readonly dir: string;
  /** For {@linkcode startMarina}. */
  readonly command: readonly string[];
}

/** Enters the group, then a namespace in which it is the outermost one, and runs what follows there. */
const ENTER = `echo $$ > "$0/cgroup.procs" || exit 1
exec unshare --cgroup --mount sh -c 'mount -t cgroup -o memory none "$0" && exec "$@"' "$@"`;

/**
 * Makes the group; nothing where this system, or this user's rights, do not allow it. Where a server has a
 * group of its own anyhow, as in a container, that one is taken.
 */
export async function openOwnControlGroup(): Promise<OwnControlGroup | undefined> {
  if (Deno.build.os !== "linux") return undefined;
  const found = probeMemoryGroups();
  const command = createCommandPrefix();
  if ("dir" in found) return { dir: found.dir, command, async [Symbol.asyncDispose]() {} };
  const around = locateControlGroups().find(({ controllers }) => controllers.includes("memory"));
  if (around === undefined || Deno.uid() !== 0) return undefined;
  const dir = join(around.dirs.at(-1)!, `marina-test-${Deno.pid}`);
  const mountDir = await Deno.makeTempDir({ prefix: "marina-groups-" });
  async function dispose(): Promise<void> {
    await Deno.remove(mountDir);
    // A test that has failed may leave groups of workers; the kernel's own files go with the folder.
    for (const { name, isDirectory } of Deno.readDirSync(dir)) {
      if (isDirectory) await Deno.remove(join(dir, name)).catch(() => {});
    }
    await Deno.remove(dir).catch(() => {});
  }
  try {
    await Deno.mkdir(dir, { recursive: true });
    const sh = ["sh", "-c", ENTER, dir, mountDir];
    const trial = await new Deno.Command(sh[0]!, { args: [...sh.slice(1), "true"] }).output();
    if (trial.success) return { dir, command: [...sh, ...command], [Symbol.asyncDispose]: dispose };
  } catch {
    // Read-only.
  }
  await dispose().catch(() => {});
  return undefined;
}
