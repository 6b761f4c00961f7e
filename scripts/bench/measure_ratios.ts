/**
 * The goals that compare: both sides run at the same time on the same machine and are asked in turns, so
 * that what disturbs one disturbs the other. Each figure is the median of its rounds.
 */
import type { LoadGenerator, LoadOutcome } from "./_load.ts";
import { serveModel } from "./_marina_server.ts";
import { measureRows } from "./measure_in_process.ts";
import { loadOnce, SERVINGS, toServingName } from "./measure_served.ts";
import { createBodies } from "./_models.ts";
import { type PeerKind, startPeer } from "./_peer_server.ts";
import { type Figure, toMedian } from "./_report.ts";

const ROUNDS = 5;
/** Of a network of 14 ms a row: in a shorter round the change from one side to the other shows. */
const MIN_EFFICIENCY_SECONDS = 6;
/** A server is measured as it runs for hours: its code compiled, which takes a thousand requests. */
const WARM_UP_SECONDS = 10;
const [PLAIN, BATCHED, CONV] = SERVINGS;

export interface RatioOptions {
  readonly load: LoadGenerator;
  readonly storeDir: string;
  readonly seconds: number;
}

/**
 * The convolution network served against the same network alone: how much of the machine serving costs.
 *
 * "Alone on two threads" is measured both ways: one session whose runs use two threads, and two sessions
 * with a thread each. The second is the machine's ceiling, which leaves nothing for any server.
 */
export async function* measureEfficiency(options: RatioOptions): AsyncGenerator<Figure> {
  const { model, workers } = CONV!;
  const seconds = Math.max(options.seconds, MIN_EFFICIENCY_SECONDS);
  const raw = createBodies(model)[1]!;
  await using marina = await serveModel(CONV!, options.storeDir);
  await loadOnce(options.load, marina.predictUrl, raw, 16, WARM_UP_SECONDS);
  const [served, oneSession, twoSessions] = await inTurns(
    async () =>
      (await loadOnce(options.load, marina.predictUrl, raw, 16, seconds)).requestsPerSecond,
    () => measureRows(model, { batch: 1, threads: 1, intraOpThreads: workers, seconds }),
    () => measureRows(model, { batch: 1, threads: workers, seconds }),
  );
  const alone = {
    "one session on 2 threads": oneSession!,
    "two sessions on 2 threads": twoSessions!,
  };
  for (const [name, rows] of Object.entries(alone)) {
    yield {
      group: "ratio",
      name: `${toServingName(CONV!)}, raw float32, 16 connections ÷ in process, ${name}`,
      value: toMedian(served!) / toMedian(rows),
      unit: "x",
      goal: { bound: "at least", value: 0.95 },
    };
  }
}

/** The small network against the yardstick, in the three ways that the goals name. */
export async function* measurePeerRatios(
  options: RatioOptions & { readonly python: string },
): AsyncGenerator<Figure> {
  for (const kind of ["uvicorn", "uvicorn[standard]"] as const) {
    yield* measureMlpAgainst(kind, options);
    yield* measureConvAgainst(kind, options);
  }
}

async function* measureMlpAgainst(
  kind: PeerKind,
  options: RatioOptions & { readonly python: string },
): AsyncGenerator<Figure> {
  const json = createBodies(PLAIN!.model)[0]!;
  await using peer = await startPeer(options.python, kind, 1);
  await using plain = await serveModel(PLAIN!, options.storeDir);
  await using batched = await serveModel(BATCHED!, options.storeDir);
  const ask = (url: string, connections: number) => () =>
    loadOnce(options.load, url, json, connections, options.seconds);
  for (const url of [`${peer.url}/mlp`, plain.predictUrl, batched.predictUrl]) {
    await loadOnce(options.load, url, json, 16, 2);
  }
  const [plain16, batched32, peer16] = await inTurns(
    ask(plain.predictUrl, 16),
    ask(batched.predictUrl, 32),
    ask(`${peer.url}/mlp`, 16),
  );
  const [plain1, peer1] = await inTurns(ask(plain.predictUrl, 1), ask(`${peer.url}/mlp`, 1));
  const peerRate = toRate(peer16);
  const beside = `beside ${kind}`;
  const [plainName, batchedName] = [toServingName(PLAIN!), toServingName(BATCHED!)];
  yield toRateFigure(beside, `${kind}: mlp, 1 process, JSON, 16 connections`, peer16!);
  yield toRateFigure(beside, `Marina: ${plainName}, JSON, 16 connections`, plain16!);
  yield toRateFigure(beside, `Marina: ${batchedName}, JSON, 32 connections`, batched32!);
  yield toRateFigure(beside, `${kind}: mlp, 1 process, JSON, 1 connection`, peer1!);
  yield toRateFigure(beside, `Marina: ${plainName}, JSON, 1 connection`, plain1!);
  yield {
    group: "ratio",
    name: `${plainName}, JSON, 16 connections ÷ ${kind}, 16 connections`,
    value: toRate(plain16) / peerRate,
    unit: "x",
    goal: { bound: "at least", value: 1.5 },
  };
  yield {
    group: "ratio",
    name: `${batchedName}, JSON, 32 connections ÷ ${kind}, 16 connections`,
    value: toRate(batched32) / peerRate,
    unit: "x",
    goal: { bound: "at least", value: 3.5 },
  };
  yield {
    group: "difference",
    name: `${plainName}, JSON, 1 connection: p50 − ${kind}'s p50`,
    value: toMedian(plain1.map(({ p50Ms }) => p50Ms)) - toMedian(peer1.map(({ p50Ms }) => p50Ms)),
    unit: "ms",
    goal: { bound: "at most", value: 0.15 },
  };
}

async function* measureConvAgainst(
  kind: PeerKind,
  options: RatioOptions & { readonly python: string },
): AsyncGenerator<Figure> {
  const { model, workers } = CONV!;
  const raw = createBodies(model)[1]!;
  await using peer = await startPeer(options.python, kind, workers);
  await using marina = await serveModel(CONV!, options.storeDir);
  const ask = (url: string) => () => loadOnce(options.load, url, raw, 16, options.seconds);
  for (const url of [marina.predictUrl, `${peer.url}/conv`]) {
    await loadOnce(options.load, url, raw, 16, WARM_UP_SECONDS);
  }
  const [own, others] = await inTurns(ask(marina.predictUrl), ask(`${peer.url}/conv`));
  const suffix = "raw float32, 16 connections";
  yield toRateFigure(`beside ${kind}`, `${kind}: conv, ${workers} processes, ${suffix}`, others!);
  yield toRateFigure(`beside ${kind}`, `Marina: ${toServingName(CONV!)}, ${suffix}`, own!);
  yield {
    group: "ratio",
    name: `${toServingName(CONV!)}, raw float32, 16 connections ÷ ${kind}, ${workers} processes`,
    value: toRate(own) / toRate(others),
    unit: "x",
  };
}

function toRateFigure(group: string, name: string, outcomes: readonly LoadOutcome[]): Figure {
  return {
    group,
    name,
    value: toRate(outcomes),
    unit: "requests/s",
    p50Ms: toMedian(outcomes.map(({ p50Ms }) => p50Ms)),
    p99Ms: toMedian(outcomes.map(({ p99Ms }) => p99Ms)),
  };
}

function toRate(outcomes: readonly LoadOutcome[]): number {
  return toMedian(outcomes.map(({ requestsPerSecond }) => requestsPerSecond));
}

/** A, B, C, A, B, C, …: every measure's own list of outcomes. */
async function inTurns<Outcome>(...measures: (() => Promise<Outcome>)[]): Promise<Outcome[][]> {
  const outcomes: Outcome[][] = measures.map(() => []);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [i, measure] of measures.entries()) outcomes[i]!.push(await measure());
  }
  return outcomes;
}
