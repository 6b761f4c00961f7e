import { join } from "node:path";

const MANIFEST_DIRS = [
  "/etc/vulkan/icd.d",
  "/usr/local/share/vulkan/icd.d",
  "/usr/share/vulkan/icd.d",
];

/**
 * Lists the manifests of Vulkan drivers that its loader would read on Linux.
 *
 * @param chosen What `VK_DRIVER_FILES` says: these alone, then.
 * @param dirs The system's own unless given.
 */
export function listVulkanManifests(
  chosen: readonly string[],
  dirs: readonly string[] = MANIFEST_DIRS,
): string[] {
  if (chosen.length > 0) return chosen.filter(isFile);
  return dirs.flatMap((dir) =>
    listNames(dir).filter((name) => name.endsWith(".json")).sort().map((name) => join(dir, name))
  );
}

function isFile(path: string): boolean {
  try {
    return Deno.statSync(path).isFile;
  } catch {
    return false;
  }
}

function listNames(dir: string): string[] {
  try {
    return Array.from(Deno.readDirSync(dir), ({ name }) => name);
  } catch {
    return [];
  }
}
