/** Marina as the bench runs it: an archive made by `archive`, served by `serve`. */
import { join } from "node:path";
import { type MarinaProcess, runMarina, startMarina } from "../../tests/support/marina_process.ts";
import type { BenchModel } from "./_models.ts";

export interface BenchServing {
  readonly model: BenchModel;
  readonly workers: number;
  readonly batch: number;
}

/** Packages a bench model with its model config; answers the archive's file name. */
export async function archiveModel(serving: BenchServing, storeDir: string): Promise<string> {
  const name = `${serving.model.name}-w${serving.workers}-b${serving.batch}`;
  const configPath = join(storeDir, `${name}.yaml`);
  await Deno.writeTextFile(
    configPath,
    `minWorkers: ${serving.workers}\nmaxWorkers: ${serving.workers}\nbatchSize: ${serving.batch}\n`,
  );
  const args = ["archive", "--model-name", name, "--version", "1.0", "--force"];
  args.push("--serialized-file", serving.model.path, "--handler", "base_handler");
  args.push("--config-file", configPath, "--export-path", storeDir);
  const { code, stderr } = await runMarina(args);
  if (code !== 0) {
    throw new Error(`Cannot archive "${name}": it ended with code ${code}\n${stderr}`);
  }
  return `${name}.mar`;
}

/**
 * Serves one bench model and answers once it has answered.
 *
 * @param flags Further flags of `serve`.
 */
export async function serveModel(
  serving: BenchServing,
  storeDir: string,
  flags: readonly string[] = [],
): Promise<MarinaProcess & { readonly predictUrl: string }> {
  const fileName = await archiveModel(serving, storeDir);
  const args = [
    "--model-store",
    storeDir,
    "--models",
    `bench=${fileName}`,
    "--disable-token-auth",
    ...flags,
  ];
  const marina = await startMarina({ args });
  const predictUrl = `${marina.inferenceUrl}/predictions/bench`;
  return { ...marina, predictUrl, [Symbol.asyncDispose]: () => marina[Symbol.asyncDispose]() };
}
