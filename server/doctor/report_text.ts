import type {
  AddressReport,
  DoctorReport,
  FolderReport,
  GpuReport,
  ProviderReport,
  WorkerLimitsReport,
} from "./report.ts";

const GIGABYTE = 1e9;
const LABEL_WIDTH = 11;

/** The report for people: a line for each thing, and at the end what cannot work. */
export function toReportText(report: DoctorReport): string {
  const { versions, config, cpu, memory } = report;
  const lines = [
    toLine("Marina", `${versions.marina} on ${versions.target}`),
    toLine("Runtime", `Deno ${versions.deno}, ONNX Runtime ${versions.onnxruntime}`),
    toLine("Config", config.failure ?? config.file ?? "no file, defaults"),
    toLine("CPU", `${toCount(cpu.cores, "core")} of ${cpu.model}${toLimit(cpu.limitCores)}`),
    toLine(
      "Memory",
      `${toGb(memory.totalBytes)}, ${toGb(memory.availableBytes)} available` +
        (memory.limitBytes === undefined
          ? ""
          : `, the control group allows ${toGb(memory.limitBytes)}`),
    ),
    ...toWorkerLimitsLines(memory.workerLimits),
    ...toGpuLines(report.gpus),
    ...report.providers.flatMap(toProviderLines),
    ...report.folders.map(toFolderLine),
    ...report.addresses.map(toAddressLine),
    "",
    ...report.notes.map((note) => `note: ${note}`),
    ...report.problems.map((problem) => `problem: ${problem}`),
    report.problems.length === 0
      ? "All that is asked for can work."
      : `${toCount(report.problems.length, "problem")} found.`,
  ];
  return `${lines.join("\n")}\n`;
}

function toLine(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)}${text}`;
}

function toLimit(cores: number | undefined): string {
  return cores === undefined ? "" : `, the control group allows ${Number(cores.toFixed(2))}`;
}

function toCount(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

function toGb(bytes: number): string {
  return `${(bytes / GIGABYTE).toFixed(1)} GB`;
}

function toWorkerLimitsLines(limits: WorkerLimitsReport | undefined): string[] {
  if (limits === undefined) return [];
  const { holder, group, reason } = limits;
  const how = {
    kernel: `the kernel holds it, by control groups in ${group}`,
    server: `the server looks ten times a second: ${reason}`,
    V8: `V8 limits its heap alone: ${reason}`,
  };
  return [toLine("", `memoryLimitMb of processes: ${how[holder]}`)];
}

function toGpuLines({ nvidia, pci, vulkanManifests, failure }: GpuReport): string[] {
  const lines = nvidia.map(({ index, name, memoryMegabytes, driver }) =>
    toLine(
      `GPU ${index}`,
      [
        name,
        // The tool counts mebibytes.
        memoryMegabytes === undefined ? "" : toGb(memoryMegabytes * 1024 * 1024),
        driver === undefined ? "" : `driver ${driver}`,
      ].filter((part) => part !== "").join(", "),
    )
  );
  for (const { id, vendor, driver, memoryBytes } of pci) {
    if (vendor === "NVIDIA" && nvidia.length > 0) continue;
    const memory = memoryBytes === undefined ? "" : `, ${toGb(memoryBytes)}`;
    lines.push(
      toLine("GPU", `${vendor ?? "display device"} ${id}${memory}, driver ${driver ?? "none"}`),
    );
  }
  if (failure !== undefined) lines.push(toLine("GPU", failure));
  if (lines.length === 0) lines.push(toLine("GPU", "none found"));
  if (vulkanManifests !== undefined) {
    const found = vulkanManifests.length === 0 ? "no driver found" : vulkanManifests.join(", ");
    lines.push(toLine("Vulkan", found));
  }
  return lines;
}

function toProviderLines({ name, works, reason, wayOut }: ProviderReport): string[] {
  const line = toLine("Provider", works ? `${name} works` : `${name} does not work: ${reason}`);
  return wayOut === undefined ? [line] : [line, toLine("", `→ ${wayOut}`)];
}

function toFolderLine({ name, path, isWritable, freeBytes, reason }: FolderReport): string {
  const free = freeBytes === undefined ? "" : `, ${toGb(freeBytes)} free`;
  const state = isWritable ? "writable" : `not writable (${reason})`;
  return toLine("Folder", `${name}: ${path}, ${state}${free}`);
}

function toAddressLine({ setting, address, isFree, reason }: AddressReport): string {
  return toLine("Address", `${setting}: ${address}, ${isFree ? "free" : `taken: ${reason}`}`);
}
