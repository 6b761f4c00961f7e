/** The machine that the figures of a bench or a soak belong to. */
import { readFile } from "node:fs/promises";
import { arch, cpus, platform, release, totalmem } from "node:os";

export interface Machine {
  readonly cpu: string;
  /** Those that this process may use. */
  readonly cores: number;
  readonly memoryGb: number;
  readonly system: string;
  readonly deno: string;
}

export async function readMachine(): Promise<Machine> {
  const osRelease = await readFile("/etc/os-release", "utf8").catch(() => "");
  const systemName = /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? platform();
  return {
    cpu: cpus()[0]?.model.replace(/\s+/g, " ").trim() ?? "unknown",
    cores: navigator.hardwareConcurrency,
    memoryGb: Math.round(totalmem() / 1024 ** 3),
    system: `${systemName}, kernel ${release()}, ${arch()}`,
    deno: Deno.version.deno,
  };
}

export function toMachineLine(machine: Machine): string {
  return `${machine.cores} cores of ${machine.cpu}, ${machine.memoryGb} GB, ${machine.system}, ` +
    `Deno ${machine.deno}`;
}
