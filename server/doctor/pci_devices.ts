import { join } from "node:path";
import type { PciDevice } from "./report.ts";

/** Of the PCI consortium's list, those that make GPUs. */
const VENDORS: Readonly<Record<string, string>> = {
  "1002": "AMD",
  "10de": "NVIDIA",
  "8086": "Intel",
};

const CARD_REGEXP = /^card\d+$/;

/**
 * Lists the display devices that the Linux kernel has drivers for; none on other systems.
 *
 * @param drmDir The kernel's own folder unless given.
 */
export function listPciDevices(drmDir = "/sys/class/drm"): PciDevice[] {
  const devices: PciDevice[] = [];
  for (const name of listNames(drmDir).filter((name) => CARD_REGEXP.test(name)).sort()) {
    const device = join(drmDir, name, "device");
    const [vendorId, deviceId] = ["vendor", "device"].map((file) =>
      read(join(device, file))?.replace(/^0x/, "")
    );
    if (vendorId === undefined || deviceId === undefined) continue;
    const driver = /^DRIVER=(.+)$/m.exec(read(join(device, "uevent")) ?? "")?.[1];
    const memoryBytes = Number(read(join(device, "mem_info_vram_total")) ?? NaN);
    devices.push({
      id: `${vendorId}:${deviceId}`,
      ...(vendorId in VENDORS ? { vendor: VENDORS[vendorId] } : {}),
      ...(driver === undefined ? {} : { driver }),
      ...(memoryBytes > 0 ? { memoryBytes } : {}),
    });
  }
  return devices;
}

function listNames(dir: string): string[] {
  try {
    return Array.from(Deno.readDirSync(dir), ({ name }) => name);
  } catch {
    return [];
  }
}

function read(path: string): string | undefined {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return undefined;
  }
}
