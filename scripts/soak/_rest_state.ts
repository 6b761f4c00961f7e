/** What has to be true of a server that nobody asks any more. */
import type { Ledger } from "./_ledger.ts";
import { readMetrics } from "./_metrics.ts";
import { IDLE_WORKERS_BY_MODEL, NET_VERSIONS } from "./_models.ts";
import { pause } from "./_request_kind.ts";
import type { MarinaProcess } from "../../tests/support/marina_process.ts";

/** Crashed workers come back after a pause, and those that were added for the load go after one. */
const REST_DEADLINE_MS = 60_000;
const LOOK_EVERY_MS = 200;

/** Versions that are registered at rest, each with a folder of its own. */
const VERSIONS = Object.keys(IDLE_WORKERS_BY_MODEL).length + NET_VERSIONS.length - 1;

/** Waits until queues are empty and every model has its workers; what is still wrong then is a fault. */
export async function checkRest(marina: MarinaProcess, ledger: Ledger): Promise<void> {
  const endsAtMs = performance.now() + REST_DEADLINE_MS;
  let wrong: readonly string[];
  do {
    wrong = await findUnrest(marina);
    if (wrong.length === 0) return;
    await pause(LOOK_EVERY_MS);
  } while (performance.now() < endsAtMs);
  for (const text of wrong) ledger.addFault(`at rest: ${text}`);
}

async function findUnrest({ metricsUrl }: MarinaProcess): Promise<readonly string[]> {
  const wrong: string[] = [];
  const readyByModel = new Map<string, number>();
  for (const { name, labels, value } of await readMetrics(metricsUrl)) {
    if (name === "marina_queue_requests" && value !== 0) {
      wrong.push(`${value} requests wait in the queue of ${labels}`);
    }
    if (name !== "marina_workers" || value === 0) continue;
    if (!labels.includes('state="ready"')) wrong.push(`${value} workers are ${labels}`);
    const model = /model_name="([^"]+)"/.exec(labels)![1]!;
    readyByModel.set(model, (readyByModel.get(model) ?? 0) + value);
  }
  for (const model of new Set([...readyByModel.keys(), ...Object.keys(IDLE_WORKERS_BY_MODEL)])) {
    const [found, expected] = [readyByModel.get(model) ?? 0, IDLE_WORKERS_BY_MODEL[model] ?? 0];
    if (found !== expected) wrong.push(`${model} has ${found} workers, expected ${expected}`);
  }
  return wrong;
}

/** Looks for files that should not be there: of models that went, and of any once the server has ended. */
export async function checkFiles(
  folders: { readonly temp: string; readonly store: string; readonly archives: readonly string[] },
  isServing: boolean,
  ledger: Ledger,
): Promise<void> {
  const unpacked: string[] = [];
  const roots = await listNames(folders.temp);
  for (const root of roots) unpacked.push(...await listNames(`${folders.temp}/${root}`));
  const [expectedRoots, expectedModels] = isServing ? [1, VERSIONS] : [0, 0];
  if (roots.length !== expectedRoots || unpacked.length !== expectedModels) {
    ledger.addFault(
      `${isServing ? "at rest" : "after the end"}: expected ${expectedModels} unpacked models in ` +
        `${expectedRoots} folders, found ${unpacked.length} in ${roots.length}`,
    );
  }
  const store = await listNames(folders.store);
  if (store.join() !== folders.archives.join()) {
    ledger.addFault(`the model store holds ${store.join(", ")}`);
  }
}

/** Sorted names of what is in a folder. */
export async function listNames(folder: string): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(folder)) names.push(name);
  return names.sort();
}
