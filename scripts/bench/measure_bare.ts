/** The floor: the same bodies against a bare `Deno.serve` that answers a fixed body. */
import type { LoadGenerator } from "./_load.ts";
import { BENCH_MODELS, createBodies } from "./_models.ts";
import { findFreePort, startServer } from "./_process.ts";
import type { Figure } from "./_report.ts";

export async function* measureBare(load: LoadGenerator, seconds: number): AsyncGenerator<Figure> {
  const port = findFreePort();
  const path = new URL("./bare_server.ts", import.meta.url).pathname;
  const url = `http://127.0.0.1:${port}/`;
  await using server = await startServer(Deno.execPath(), ["run", "-A", path, String(port)], url);
  for (const body of createBodies(BENCH_MODELS[0]!)) {
    for (const connections of [1, 16, 32]) {
      const outcome = await load({ ...toLoad(body), url: server.url, connections, seconds });
      yield {
        group: "bare Deno.serve",
        name: `mlp's ${body.name} body, ${connections} connection${connections === 1 ? "" : "s"}`,
        value: outcome.requestsPerSecond,
        unit: "requests/s",
        p50Ms: outcome.p50Ms,
        p99Ms: outcome.p99Ms,
      };
    }
  }
}

function toLoad(body: ReturnType<typeof createBodies>[number]) {
  return { body: body.bytes, contentType: body.contentType };
}
