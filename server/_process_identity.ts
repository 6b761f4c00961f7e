/**
 * Tells processes apart though their numbers are used again.
 */
import { createHash } from "node:crypto";

/** The state of a process that has ended and that its parent has not asked about. */
const ZOMBIE = "Z";

/**
 * Where this process's number counts: this boot of this machine and this process namespace, as one word.
 * Absent where the kernel does not tell.
 */
export function readPlace(): string | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    const bootId = Deno.readTextFileSync("/proc/sys/kernel/random/boot_id").trim();
    const namespace = Deno.readLinkSync("/proc/self/ns/pid");
    return createHash("sha256").update(`${bootId} ${namespace}`).digest("hex").slice(0, 12);
  } catch {
    return undefined;
  }
}

/**
 * When a running process began, in ticks from the boot. Absent when there is no such process, or it has
 * ended.
 */
export function readStartTicks(pid: number): string | undefined {
  try {
    const stat = Deno.readTextFileSync(`/proc/${pid}/stat`);
    // The second field is the program's name in parentheses, which may hold anything; the 22nd is the start.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === ZOMBIE ? undefined : fields[19];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

/**
 * A word that no other process has, before or after; the same each time for one process. Absent when there
 * is no such process, or the system does not tell: Linux and macOS do.
 */
export async function readProcessIdentity(pid: number): Promise<string | undefined> {
  if (Deno.build.os === "linux") {
    const ticks = readStartTicks(pid);
    return ticks === undefined ? undefined : `${readPlace() ?? "here"}-${ticks}`;
  }
  if (Deno.build.os !== "darwin") return undefined;
  const ps = new Deno.Command("/bin/ps", {
    args: ["-o", "stat=,lstart=", "-p", String(pid)],
    env: { LC_ALL: "C", TZ: "UTC" },
    stdin: "null",
  });
  const [state = ZOMBIE, ...start] = new TextDecoder().decode((await ps.output()).stdout).trim()
    .split(/\s+/);
  return state === "" || state.startsWith(ZOMBIE) ? undefined : start.join("-");
}
