/** The model store of the soak, and what each of its models is for. */
import { createModelStore, type ModelStoreFolder } from "../../tests/support/model_store.ts";
import { BROKEN, CRASHING, ECHO, MOODY, PICKY, SLOW, STREAM, toNamedHandler } from "./_handlers.ts";

/** Versions of `net` that share its requests, and the one that comes and goes. */
export const NET_VERSIONS = ["1.0", "2.0"] as const;
export const GUEST_NET_VERSION = "3.0";

/** Archives that take each other's place as `swap`. */
export const SWAP_BUILDS = [0, 1, 2] as const;

/** Workers of each model once nobody asks and nothing is being changed. */
export const IDLE_WORKERS_BY_MODEL: Readonly<Record<string, number>> = {
  mlp: 1,
  echo: 1,
  stream: 1,
  slow: 1,
  impatient: 1,
  ticket: 1,
  picky: 1,
  moody: 1,
  crashing: 2,
  net: NET_VERSIONS.length,
  swap: 1,
};

/** The archives that are served from the start. */
export const STARTUP_ARCHIVES: readonly string[] = [
  "mlp",
  "echo",
  "stream",
  "slow",
  "impatient",
  "ticket",
  "picky",
  "moody",
  "crashing",
  "net@1",
  "net@2",
  "swap@0",
].map((name) => `${name}.mar`);

export async function createSoakStore(): Promise<ModelStoreFolder> {
  const toConfig = (min: number, max: number, ...more: string[]): string =>
    [`minWorkers: ${min}`, `maxWorkers: ${max}`, ...more, ""].join("\n");
  const one = toConfig(1, 1);
  const store = await createModelStore({
    mlp: {
      handler: "base_handler",
      serializedFile: "tests/testdata/bench/mlp.onnx",
      config: toConfig(1, 2, "batchSize: 8", "scaleUpQueueTime: 20", "scaleDownIdleTime: 3000"),
    },
    echo: { handler: ECHO, config: toConfig(1, 1, "batchSize: 8") },
    stream: { handler: STREAM, config: toConfig(1, 1, "batchSize: 4") },
    slow: { handler: SLOW, config: toConfig(1, 1, "batchSize: 8") },
    impatient: { handler: SLOW, config: toConfig(1, 1, "clientTimeoutInMills: 100") },
    ticket: { handler: SLOW, config: toConfig(1, 1, "useJobTicket: true") },
    picky: { handler: PICKY, config: toConfig(1, 1, "batchSize: 8") },
    moody: { handler: MOODY, config: one },
    crashing: { handler: CRASHING, config: toConfig(2, 2, "batchSize: 2", "responseTimeout: 2") },
    guest: { handler: toNamedHandler("guest"), config: toConfig(1, 1, "batchSize: 4") },
    broken: { handler: BROKEN, config: one },
  });
  for (const version of [...NET_VERSIONS, GUEST_NET_VERSION]) {
    const handler = toNamedHandler(version);
    await store.add(`net@${Number(version)}`, { handler, version, config: one });
  }
  for (const build of SWAP_BUILDS) {
    const handler = toNamedHandler(`build ${build}`);
    await store.add(`swap@${build}`, { handler, config: toConfig(1, 1, "batchSize: 4") });
  }
  return store;
}
