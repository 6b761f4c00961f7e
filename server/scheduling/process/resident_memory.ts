const BYTES_PER_KB = 1024;

/**
 * What a process has in memory, as the system counts it: Linux by `/proc`, macOS by `ps`. Absent when the
 * process has gone, and on Windows.
 */
export async function readResidentBytes(pid: number): Promise<number | undefined> {
  try {
    if (Deno.build.os === "linux") {
      const status = await Deno.readTextFile(`/proc/${pid}/status`);
      return toBytes(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    }
    if (Deno.build.os === "windows") return undefined;
    const args = ["-o", "rss=", "-p", String(pid)];
    const { stdout } = await new Deno.Command("ps", { args, stderr: "null" }).output();
    return toBytes(/\d+/.exec(new TextDecoder().decode(stdout))?.[0]);
  } catch {
    return undefined;
  }
}

function toBytes(kilobytes: string | undefined): number | undefined {
  return kilobytes === undefined ? undefined : Number(kilobytes) * BYTES_PER_KB;
}
