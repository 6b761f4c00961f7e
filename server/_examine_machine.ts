import { cpus } from "node:os";
import denoConfig from "../deno.json" with { type: "json" };
import { examineProviders } from "./_examine_providers.ts";
import { isPortShared } from "./_listeners.ts";
import { RUNTIME_VERSION } from "./_runtime_version.ts";
import { ConfigError, type ConfigReading, type ServerConfig } from "./config/mod.ts";
import {
  checkAddresses,
  type CheckedAddress,
  type CheckedFolder,
  checkFolder,
  type DoctorReport,
  findNotes,
  findProblems,
  type GpuReport,
  listPciDevices,
  listVulkanManifests,
  type ProviderReport,
  readCgroupLimits,
  type WorkerLimitsReport,
} from "./doctor/mod.ts";
import { listGpus } from "./metrics/mod.ts";
import { probeMemoryGroups } from "./scheduling/mod.ts";

/**
 * Looks at everything that a server of this config would use, and tries what can be tried; nothing of it
 * stays.
 *
 * @param reading The config, or why there is none: then only the machine is looked at.
 */
export async function examineMachine(
  reading: ConfigReading | ConfigError,
): Promise<DoctorReport> {
  const config = reading instanceof ConfigError ? undefined : reading.config;
  const gpus = await examineGpus(config);
  const { providers, failure } = config === undefined
    ? { providers: [], failure: undefined }
    : await tryProviders(config, gpus.vulkanManifests);
  const { total, available } = Deno.systemMemoryInfo();
  const limits = readCgroupLimits();
  const found: Omit<DoctorReport, "problems" | "notes"> = {
    versions: {
      marina: denoConfig.version,
      deno: Deno.version.deno,
      onnxruntime: RUNTIME_VERSION,
      target: Deno.build.target,
    },
    config: {
      file: config?.configFile,
      numberOfGpu: config?.numberOfGpu ?? 0,
      failure: reading instanceof ConfigError ? reading.message : failure,
    },
    cpu: {
      model: cpus()[0]?.model.replace(/\s+/g, " ").trim() || "unknown",
      cores: navigator.hardwareConcurrency,
      limitCores: limits.cores,
    },
    memory: {
      totalBytes: total,
      availableBytes: available,
      limitBytes: limits.memoryBytes,
      workerLimits: examineWorkerLimits(),
    },
    gpus,
    providers,
    folders: config === undefined ? [] : await Promise.all(listFolders(config).map(checkFolder)),
    addresses: config === undefined ? [] : await checkAddresses(listAddresses(config)),
  };
  const origin = reading instanceof ConfigError
    ? undefined
    : reading.settings.find(({ name }) => name === "number_of_gpu")?.origin;
  const isGpuAskedFor = origin !== undefined && origin !== "default";
  const warnings = reading instanceof ConfigError ? [] : reading.warnings;
  return {
    ...found,
    problems: findProblems(found, { isGpuAskedFor }),
    notes: [...warnings, ...findNotes(found, { isGpuAskedFor })],
  };
}

async function tryProviders(
  config: ServerConfig,
  vulkanManifests: readonly string[] | undefined,
): Promise<{ readonly providers: readonly ProviderReport[]; readonly failure?: string }> {
  try {
    return { providers: await examineProviders(config, vulkanManifests) };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return { providers: [], failure: error.message };
  }
}

function examineWorkerLimits(): WorkerLimitsReport | undefined {
  if (Deno.build.os !== "linux") return undefined;
  const found = probeMemoryGroups();
  if (!("refusal" in found)) return { holder: "kernel", group: found.dir };
  return { holder: found.isBlind ? "V8" : "server", reason: found.refusal };
}

async function examineGpus(config: ServerConfig | undefined): Promise<GpuReport> {
  const { devices: nvidia, failure } = await listGpus();
  const vulkanManifests = Deno.build.os === "linux"
    ? listVulkanManifests(config?.gpu.vulkanManifests ?? [])
    : undefined;
  return { nvidia, pci: listPciDevices(), vulkanManifests, failure };
}

/** A store is written to by downloads alone. */
function listFolders(config: ServerConfig): CheckedFolder[] {
  const { tempDir, cacheDir, logs, snapshotDir, modelStore, downloads } = config;
  const folders: CheckedFolder[] = [
    { name: "temp", path: tempDir, mustBeWritable: true },
    { name: "cache", path: cacheDir, mustBeWritable: Deno.build.standalone },
    { name: "logs", path: logs.dir, mustBeWritable: true },
    { name: "store", path: modelStore, mustBeWritable: downloads.allowedUrls.length > 0 },
  ];
  if (logs.metricsDir !== logs.dir) {
    folders.push({ name: "metrics", path: logs.metricsDir, mustBeWritable: true });
  }
  if (snapshotDir !== undefined) {
    folders.push({ name: "snapshots", path: snapshotDir, mustBeWritable: true });
  }
  return folders;
}

/** One address may be several settings', and is opened once then. */
function listAddresses(config: ServerConfig): CheckedAddress[] {
  const { inferenceAddress, managementAddress, metricsAddress, isMetricsApiEnabled } = config;
  const isShared = isPortShared(config);
  const addresses: CheckedAddress[] = [
    { setting: "inference_address", address: inferenceAddress },
  ];
  if (!isShared) addresses.push({ setting: "management_address", address: managementAddress });
  const isMetricsShared = isShared &&
    isPortShared({ ...config, inferenceAddress: metricsAddress });
  if (isMetricsApiEnabled && !isMetricsShared) {
    addresses.push({ setting: "metrics_address", address: metricsAddress });
  }
  return addresses;
}
