/** What the server's process takes of the machine, read from outside and from its own metrics. */
import { readMetrics, toSum } from "./_metrics.ts";

/** One look at the server. */
export interface Sample {
  /** Since the load began. */
  readonly atMs: number;
  /** The process's own pages and its share of those that others use too, in MB of 10⁶ bytes. */
  readonly pssMb: number;
  /** Objects of the server's main thread. */
  readonly heapMb: number;
  readonly threads: number;
  readonly openFiles: number;
  /** Requests that had ended by then. */
  readonly requests: number;
}

/** True where memory can be read: Linux. */
export async function canProbeMemory(): Promise<boolean> {
  return await Deno.stat("/proc/self/smaps_rollup").then(() => true, () => false);
}

/** Looks once. `null` memory where the system tells none is the caller's to avoid, see {@linkcode canProbeMemory}. */
export async function takeSample(
  { pid, metricsUrl }: { readonly pid: number; readonly metricsUrl: string },
  { atMs, requests }: Pick<Sample, "atMs" | "requests">,
): Promise<Sample> {
  const [rollup, status, metrics] = await Promise.all([
    Deno.readTextFile(`/proc/${pid}/smaps_rollup`),
    Deno.readTextFile(`/proc/${pid}/status`),
    readMetrics(metricsUrl),
  ]);
  let openFiles = 0;
  for await (const _ of Deno.readDir(`/proc/${pid}/fd`)) openFiles++;
  return {
    atMs,
    requests,
    openFiles,
    pssMb: Number(/^Pss:\s+(\d+) kB/m.exec(rollup)![1]) * 1024 / 1e6,
    threads: Number(/^Threads:\s+(\d+)/m.exec(status)![1]),
    heapMb: toSum(metrics, "marina_process_heap_bytes") / 1e6,
  };
}
