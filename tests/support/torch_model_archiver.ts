/**
 * The real `torch-model-archiver` 0.12.0, from PyPI into a cache folder of its own: the judge of what
 * Marina's `archive` must write and read.
 */
import { join } from "node:path";
import { hasPython } from "./python.ts";

const PACKAGES = ["torch-model-archiver==0.12.0", "enum-compat==0.0.3"];

/** The folder that holds the tool, or why there is none. */
export type TorchModelArchiver =
  | { readonly folder: string; readonly reason?: undefined }
  | { readonly folder?: undefined; readonly reason: string };

/** Installs the tool unless it is there; several processes may do so at once. */
export async function installTorchModelArchiver(): Promise<TorchModelArchiver> {
  const home = Deno.env.get("XDG_CACHE_HOME") ?? join(Deno.env.get("HOME") ?? "/tmp", ".cache");
  const folder = join(home, "marina-tests", "torch-model-archiver-0.12.0");
  if (!hasPython) return { reason: "there is no python3" };
  if (await exists(join(folder, "model_archiver"))) return { folder };
  await Deno.mkdir(join(home, "marina-tests"), { recursive: true });
  const fresh = await Deno.makeTempDir({ dir: join(home, "marina-tests") });
  const args = ["-m", "pip", "install", "--quiet", "--target", fresh, ...PACKAGES];
  const { success } = await new Deno.Command("python3", { args, stderr: "null" }).output();
  if (success) await Deno.rename(fresh, folder).catch(() => {});
  await Deno.remove(fresh, { recursive: true }).catch(() => {});
  if (await exists(join(folder, "model_archiver"))) return { folder };
  return { reason: "pip cannot install it" };
}

export interface RunTorchModelArchiverOptions {
  /** Where the tool is. */
  readonly folder: string;
  readonly cwd: string;
}

/** Runs the tool; it stages its files below `cwd`, as it first deletes what is in its way. */
export async function runTorchModelArchiver(
  args: readonly string[],
  { folder, cwd }: RunTorchModelArchiverOptions,
): Promise<{ readonly code: number; readonly stderr: string }> {
  const staging = join(cwd, "staging");
  await Deno.mkdir(staging, { recursive: true });
  const { code, stderr } = await new Deno.Command("python3", {
    args: ["-m", "model_archiver.model_packaging", ...args],
    cwd,
    env: { PYTHONPATH: folder, TMPDIR: staging, TZ: "UTC", COLUMNS: "80" },
    stdout: "null",
  }).output();
  return { code, stderr: new TextDecoder().decode(stderr) };
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
