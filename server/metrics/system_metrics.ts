import type { Clock } from "../scheduling/mod.ts";
import type { ServerMetricName } from "./built_in_definitions.ts";
import { createGpuReader, type ReadGpus } from "./gpu_metrics.ts";
import { type CpuTimes, readCpuTimes, readDisk, readMemory, toCpuPercent } from "./host_metrics.ts";

export interface SystemMetricsOptions {
  readonly intervalMs: number;
  readonly clock: Clock;
  /** Whether to ask for NVIDIA devices at all. */
  readonly hasGpus: boolean;
  /** @param middleLabel What stands between `Level` and `Hostname`. */
  readonly record: (name: ServerMetricName, value: number, middleLabel?: string) => void;
  readonly onFailure: (error: unknown) => void;
  /** The machine's own unless given. */
  readonly readGpus?: ReadGpus;
}

/** Records the state of the machine at once and then in every interval, until it is stopped. */
export class SystemMetrics {
  readonly #options: SystemMetricsOptions;
  /** The first reading is the mean since the machine's start: a server's own start would show as full load. */
  #cpuTimes: CpuTimes = { busy: 0, all: 0 };
  #hasGpus: boolean;
  #cancelNext: (() => void) | undefined;
  readonly #readGpus: ReadGpus;
  readonly #stopped = new AbortController();
  #current: Promise<void> = Promise.resolve();

  constructor(options: SystemMetricsOptions) {
    this.#options = options;
    this.#hasGpus = options.hasGpus;
    this.#readGpus = options.readGpus ?? createGpuReader();
  }

  start(): void {
    this.#current = this.#collect().catch(this.#options.onFailure).then(() => {
      if (this.#stopped.signal.aborted) return;
      this.#cancelNext = this.#options.clock.schedule(this.#options.intervalMs, () => this.start());
    });
  }

  /** Ends after the collection that is under way; devices are not waited for. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancelNext?.();
    await this.#current;
  }

  async #collect(): Promise<void> {
    const { record } = this.#options;
    const cpuTimes = readCpuTimes();
    record("CPUUtilization", toCpuPercent(this.#cpuTimes, cpuTimes));
    this.#cpuTimes = cpuTimes;
    const memory = readMemory();
    record("MemoryUsed", memory.usedMegabytes);
    record("MemoryAvailable", memory.availableMegabytes);
    record("MemoryUtilization", memory.utilizationPercent);
    const disk = await readDisk();
    record("DiskUsage", disk.usedGigabytes);
    record("DiskUtilization", disk.utilizationPercent);
    record("DiskAvailable", disk.availableGigabytes);
    if (this.#hasGpus) await this.#collectGpus();
  }

  async #collectGpus(): Promise<void> {
    const { record } = this.#options;
    const gpus = await this.#readGpus(this.#stopped.signal);
    // A tool that is not installed is not looked for every minute.
    this.#hasGpus = gpus !== undefined;
    for (const gpu of gpus ?? []) {
      const { deviceId, memoryUtilizationPercent, memoryUsedMegabytes, utilizationPercent } = gpu;
      if (memoryUtilizationPercent !== undefined) {
        record("GPUMemoryUtilization", memoryUtilizationPercent, deviceId);
      }
      if (memoryUsedMegabytes !== undefined) record("GPUMemoryUsed", memoryUsedMegabytes, deviceId);
      if (utilizationPercent !== undefined) record("GPUUtilization", utilizationPercent, deviceId);
    }
  }
}
