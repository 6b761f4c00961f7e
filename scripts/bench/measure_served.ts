/** What clients get: requests a second and latency of each body, over each number of connections. */
import type { LoadGenerator, LoadOutcome } from "./_load.ts";
import { type BenchServing, serveModel } from "./_marina_server.ts";
import { BENCH_MODELS, type BenchBody, createBodies } from "./_models.ts";
import type { Figure } from "./_report.ts";

const CONNECTIONS = [1, 16, 32];
const [MLP, CONV] = BENCH_MODELS;

/** The ways of serving that the goals name. */
export const SERVINGS: readonly BenchServing[] = [
  { model: MLP!, workers: 1, batch: 1 },
  { model: MLP!, workers: 1, batch: 8 },
  { model: CONV!, workers: 2, batch: 1 },
];

export async function* measureServed(
  load: LoadGenerator,
  storeDir: string,
  seconds: number,
): AsyncGenerator<Figure> {
  for (const serving of SERVINGS) {
    await using marina = await serveModel(serving, storeDir);
    for (const body of createBodies(serving.model)) {
      await loadOnce(load, marina.predictUrl, body, 16, 1);
      for (const connections of CONNECTIONS) {
        const outcome = await loadOnce(load, marina.predictUrl, body, connections, seconds);
        yield {
          group: "Marina",
          name: `${toServingName(serving)}, ${body.name}, ${toConnectionsName(connections)}`,
          value: outcome.requestsPerSecond,
          unit: "requests/s",
          p50Ms: outcome.p50Ms,
          p99Ms: outcome.p99Ms,
        };
      }
    }
  }
}

export function loadOnce(
  load: LoadGenerator,
  url: string,
  body: BenchBody,
  connections: number,
  seconds: number,
): Promise<LoadOutcome> {
  return load({ url, body: body.bytes, contentType: body.contentType, connections, seconds });
}

export function toServingName({ model, workers, batch }: BenchServing): string {
  return `${model.name}, ${workers} worker${workers === 1 ? "" : "s"}, batch ${batch}`;
}

export function toConnectionsName(connections: number): string {
  return `${connections} connection${connections === 1 ? "" : "s"}`;
}
