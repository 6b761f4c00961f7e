/** One soak from the start of the server to its end. */
import { type MarinaProcess, startMarina } from "../../tests/support/marina_process.ts";
import { type Actor, createActors } from "./_actors.ts";
import { Connection } from "./_connection.ts";
import { computeExpectedRows } from "./_expected_rows.ts";
import { Ledger } from "./_ledger.ts";
import { canProbeMemory, type Sample, takeSample } from "./_memory_probe.ts";
import { judgeMemory, type MemoryVerdict, toWarmUpMs } from "./_memory_verdict.ts";
import { createSoakStore, STARTUP_ARCHIVES } from "./_models.ts";
import { createPredictionKinds } from "./_prediction_kinds.ts";
import { createChooser, pause, type RequestKind } from "./_request_kind.ts";
import { checkFiles, checkRest, listNames } from "./_rest_state.ts";
import { RUDE_KINDS } from "./_rude_kinds.ts";

export interface SoakOptions {
  /** How long the load lasts. */
  readonly durationMs: number;
  readonly connections: number;
  /**
   * Predictions a second that all clients begin together once the warm-up is over, if the server keeps
   * up. What a server keeps in memory depends on what it is asked: only equal load makes two thirds
   * comparable.
   */
  readonly ratePerSecond: number;
  /** Actors that take part, by name; all unless given, `[]` for none. To find who it is that leaks. */
  readonly actors?: readonly string[];
  /** Kinds of requests that take part, by name; all unless given. */
  readonly kinds?: readonly string[];
  /** Added to the server's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Told of each sample. */
  readonly onSample?: (sample: Sample, ledger: Ledger) => void | Promise<void>;
}

export interface SoakOutcome {
  readonly ledger: Ledger;
  readonly samples: readonly Sample[];
  readonly memory: MemoryVerdict;
  /** Of the load itself. */
  readonly durationMs: number;
}

const SAMPLES = 60;
const MAX_SAMPLE_EVERY_MS = 5_000;
const MIN_SAMPLE_EVERY_MS = 1_000;

/** Requests that a client which was held up makes good without a pause. */
const MAX_BACKLOG = 3;

/** Nothing here takes so long: a request that does has been lost. */
const LOST_AFTER_MS = 60_000;

/** Runs a soak; what went wrong is in the ledger. */
export async function runSoak(options: SoakOptions): Promise<SoakOutcome> {
  const ledger = new Ledger();
  const kinds = [...createPredictionKinds(await computeExpectedRows()), ...RUDE_KINDS]
    .filter(({ name }) => options.kinds?.includes(name) ?? true);
  await using store = await createSoakStore();
  const archives = await listNames(store.dir);
  const temp = await Deno.makeTempDir({ prefix: "marina-soak-" });
  try {
    const folders = { temp, store: store.dir, archives };
    await using marina = await startServer(store.dir, { ...options.env, TEMP: temp });
    await checkRest(marina, ledger);
    const load = await runLoad(marina, ledger, kinds, options);
    if (options.actors === undefined) {
      await checkRest(marina, ledger);
      await checkFiles(folders, true, ledger);
    }
    const code = await marina.stop();
    if (code !== 0) ledger.addFault(`the server ended with code ${code}`);
    await checkFiles(folders, false, ledger);
    const memory = judgeMemory(load.samples, load.durationMs);
    return { ledger, memory, ...load };
  } finally {
    await Deno.remove(temp, { recursive: true });
  }
}

async function startServer(
  storeDir: string,
  env: Readonly<Record<string, string>>,
): Promise<MarinaProcess> {
  return await startMarina({
    args: [
      ...["--model-store", storeDir, "--enable-model-api"],
      ...["--models", ...STARTUP_ARCHIVES],
    ],
    config: { metrics_mode: "prometheus", job_queue_size: 1000, disable_system_metrics: true },
    env,
  });
}

async function runLoad(
  marina: MarinaProcess,
  ledger: Ledger,
  kinds: readonly RequestKind[],
  options: SoakOptions,
): Promise<Pick<SoakOutcome, "samples" | "durationMs">> {
  const choose = createChooser(kinds);
  const clients = Array.from(
    { length: options.connections },
    () => new Connection(marina.inferenceUrl),
  );
  const operators = createActors(marina, ledger);
  const actors = operators.actors.filter(({ name }) => options.actors?.includes(name) ?? true);
  const connections = [...clients, ...operators.connections];
  const startedAtMs = performance.now();
  const endsAtMs = startedAtMs + options.durationMs;
  const isOver = (): boolean => performance.now() >= endsAtMs;
  const warmUntilMs = startedAtMs + toWarmUpMs(options.durationMs);
  const everyMs = 1000 * options.connections / options.ratePerSecond;
  // As fast as can be at first: a heap has its lasting size once it has been collected a few times.
  const toPauseMs = (): number => performance.now() < warmUntilMs ? 0 : everyMs;
  const stopWatch = watchForLost(connections);
  const sampling = sample(marina, ledger, { startedAtMs, isOver, ...options });
  try {
    await Promise.all([
      ...actors.map((actor) => runActor(actor, isOver)),
      ...clients.map((client) => runClient(client, choose, ledger, isOver, toPauseMs)),
    ]);
  } finally {
    stopWatch();
    for (const connection of connections) connection.close();
  }
  const durationMs = performance.now() - startedAtMs;
  if (ledger.open !== 0) ledger.addFault(`${ledger.open} requests have not ended`);
  return { samples: await sampling, durationMs };
}

async function runClient(
  connection: Connection,
  choose: () => RequestKind,
  ledger: Ledger,
  isOver: () => boolean,
  toPauseMs: () => number,
): Promise<void> {
  for (let nextMs = performance.now(); !isOver();) {
    const kind = choose();
    const faultsBefore = ledger.faultCount;
    await ledger.book(kind.name, () => kind.run(connection));
    // After a fault nobody knows what still comes on this connection.
    if (ledger.faultCount > faultsBefore) connection.close();
    const everyMs = toPauseMs();
    nextMs = Math.max(nextMs + everyMs, performance.now() - MAX_BACKLOG * everyMs);
    await pause(Math.max(0, nextMs - performance.now()));
  }
}

async function runActor(actor: Actor, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    await actor.round();
    await pause(actor.pauseMs);
  }
}

/** Closes connections that wait for too long, which their clients book as lost. */
function watchForLost(connections: readonly Connection[]): () => void {
  const timer = setInterval(() => {
    const latestMs = performance.now() - LOST_AFTER_MS;
    for (const connection of connections) {
      if ((connection.busySinceMs ?? Infinity) < latestMs) connection.close();
    }
  }, 1_000);
  return () => clearInterval(timer);
}

async function sample(
  marina: MarinaProcess,
  ledger: Ledger,
  { startedAtMs, isOver, durationMs, onSample }: SoakOptions & {
    readonly startedAtMs: number;
    readonly isOver: () => boolean;
  },
): Promise<readonly Sample[]> {
  const samples: Sample[] = [];
  if (!await canProbeMemory()) return samples;
  const everyMs = Math.min(
    MAX_SAMPLE_EVERY_MS,
    Math.max(MIN_SAMPLE_EVERY_MS, durationMs / SAMPLES),
  );
  while (!isOver()) {
    const atMs = performance.now() - startedAtMs;
    const taken = await takeSample(marina, { atMs, requests: ledger.closed });
    samples.push(taken);
    await onSample?.(taken, ledger);
    await pause(everyMs);
  }
  return samples;
}
