/** What of a machine a server would use: devices, limits, folders, ports, and whether each of them works. */
export { checkAddresses, type CheckedAddress } from "./address_check.ts";
export { type CgroupLimits, readCgroupLimits } from "./cgroup_limits.ts";
export { findNotes, type FindOptions, findProblems } from "./findings.ts";
export { type CheckedFolder, checkFolder } from "./folder_check.ts";
export { listPciDevices } from "./pci_devices.ts";
export { type ProbeOptions, probeProvider } from "./provider_probe.ts";
export type {
  AddressReport,
  ConfigReport,
  CpuReport,
  DoctorReport,
  FolderReport,
  GpuReport,
  MemoryReport,
  PciDevice,
  ProviderName,
  ProviderReport,
  VersionReport,
  WorkerLimitsReport,
} from "./report.ts";
export { toReportText } from "./report_text.ts";
export { listVulkanManifests } from "./vulkan_manifests.ts";
