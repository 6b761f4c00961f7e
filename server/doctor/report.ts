/** What `doctor` found, as data: `--json` prints it as it is. */
import type { GpuDevice } from "../metrics/mod.ts";

export interface DoctorReport {
  readonly versions: VersionReport;
  readonly config: ConfigReport;
  readonly cpu: CpuReport;
  readonly memory: MemoryReport;
  readonly gpus: GpuReport;
  /** In the order in which a worker would try them, the CPU first; empty where the config cannot be read. */
  readonly providers: readonly ProviderReport[];
  readonly folders: readonly FolderReport[];
  readonly addresses: readonly AddressReport[];
  /** Why something that was asked for cannot work, a sentence each; empty: all can. */
  readonly problems: readonly string[];
  /** What is worth knowing and stops nothing. */
  readonly notes: readonly string[];
}

export interface VersionReport {
  readonly marina: string;
  readonly deno: string;
  readonly onnxruntime: string;
  /** `x86_64-unknown-linux-gnu` … */
  readonly target: string;
}

export interface ConfigReport {
  /** Absent when there is none, or it was not found. */
  readonly file?: string;
  /** Devices that workers are spread over. */
  readonly numberOfGpu: number;
  /** Why it cannot be used; the rest is the default's then. */
  readonly failure?: string;
}

export interface CpuReport {
  readonly model: string;
  /** Those that this process may use. */
  readonly cores: number;
  /** What the control group allows, in whole or broken cores; absent: no limit. */
  readonly limitCores?: number;
}

export interface MemoryReport {
  readonly totalBytes: number;
  readonly availableBytes: number;
  /** What the control group allows; absent: no limit. */
  readonly limitBytes?: number;
  /** Who holds workers' processes to `memoryLimitMb`; absent on systems without control groups. */
  readonly workerLimits?: WorkerLimitsReport;
}

export interface WorkerLimitsReport {
  /** `V8` holds no more than its own heap. */
  readonly holder: "kernel" | "server" | "V8";
  /** The control group below which the kernel's are made. */
  readonly group?: string;
  /** Why it is not the kernel. */
  readonly reason?: string;
}

export interface GpuReport {
  readonly nvidia: readonly GpuDevice[];
  /** Display devices as the kernel knows them, NVIDIA's among them. */
  readonly pci: readonly PciDevice[];
  /** Manifests of Vulkan drivers, which WebGPU needs one of; absent on systems without Vulkan. */
  readonly vulkanManifests?: readonly string[];
  /** Why NVIDIA's tool does not answer, where there is one. */
  readonly failure?: string;
}

export interface PciDevice {
  /** `10de:2330`: vendor and device. */
  readonly id: string;
  readonly vendor?: string;
  readonly driver?: string;
  readonly memoryBytes?: number;
}

export type ProviderName = "cpu" | "cuda" | "webgpu";

export interface ProviderReport {
  readonly name: ProviderName;
  readonly works: boolean;
  /** Why it does not. */
  readonly reason?: string;
  /** What to do about it. */
  readonly wayOut?: string;
}

export interface FolderReport {
  /** `temp`, `cache`, `logs` … */
  readonly name: string;
  readonly path: string;
  readonly isWritable: boolean;
  /** Whether a server cannot do without writing there. */
  readonly mustBeWritable: boolean;
  readonly freeBytes?: number;
  readonly reason?: string;
}

export interface AddressReport {
  /** `inference_address` … */
  readonly setting: string;
  readonly address: string;
  readonly isFree: boolean;
  readonly reason?: string;
}
