import { join } from "node:path";
import {
  type ConfigReading,
  parseServeFlags,
  readServerConfig,
} from "../../../server/config/mod.ts";
import { TempFolder } from "../../support/temp_folder.ts";

export interface ReadConfigOptions {
  /** What follows `serve`, besides `--model-store`, which is a folder of the test unless given. */
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** How many NVIDIA devices the machine has; none unless given. */
  readonly gpus?: number;
}

/** Reads a `config.properties` of these lines, after a first one that is a comment, in a folder of its own. */
export async function readConfig(
  lines: readonly string[],
  { args = [], environment = {}, gpus = 0 }: ReadConfigOptions = {},
): Promise<ConfigReading & { readonly cwd: string }> {
  await using temp = await TempFolder.create();
  const cwd = temp.path;
  await Deno.mkdir(join(cwd, "store"));
  const deviceDir = join(cwd, "dev");
  await Deno.mkdir(deviceDir);
  for (const name of ["null", "nvidiactl", "nvidia-uvm"]) await temp.write(`dev/${name}`);
  for (let gpu = 0; gpu < gpus; gpu++) await temp.write(`dev/nvidia${gpu}`);
  const text = ["# comment", ...lines, ""].join("\n");
  await Deno.writeTextFile(join(cwd, "config.properties"), text);
  const isStoreSaid = [...args, ...lines].some((text) => /^(--model-store|model_store)/.test(text));
  const store = isStoreSaid ? [] : ["--model-store", "store"];
  const flags = parseServeFlags([...store, ...args]);
  const variables = { TMPDIR: cwd, ...environment };
  return { ...await readServerConfig(flags, { environment: variables, cwd, deviceDir }), cwd };
}
