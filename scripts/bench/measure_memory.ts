/** Memory of a server with one model and one worker, after 100 requests. */
import { readFile } from "node:fs/promises";
import { serveModel } from "./_marina_server.ts";
import { createBodies } from "./_models.ts";
import { SERVINGS } from "./measure_served.ts";
import type { Figure } from "./_report.ts";

export async function* measureMemory(storeDir: string): AsyncGenerator<Figure> {
  await using marina = await serveModel(SERVINGS[0]!, storeDir);
  const json = createBodies(SERVINGS[0]!.model)[0]!;
  for (let i = 0; i < 100; i++) {
    const answer = await fetch(marina.predictUrl, {
      method: "POST",
      headers: { "content-type": json.contentType },
      body: json.bytes,
    });
    await answer.body?.cancel();
  }
  yield {
    group: "memory",
    name: "mlp, 1 worker, after 100 requests: PSS",
    value: await readPssMb(marina.pid),
    unit: "MB",
    goal: { bound: "at most", value: 140 },
  };
}

/** The process's own pages plus its share of those that others use too. */
async function readPssMb(pid: number): Promise<number> {
  const rollup = await readFile(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB/m.exec(rollup)![1]) * 1024 / 1e6;
}
