/** Which metrics go where, and which are taken at all. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { hostname } from "node:os";
import { join } from "node:path";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore, type ModelStoreFolder } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";
import { waitFor } from "../support/wait_for.ts";

const HOST = hostname();

/** Counts one `Faces`, which no file of metrics defines. */
const COUNTING_HANDLER = `
export function handle(rows, context) {
  if (rows === null) return;
  context.metrics.addCounter("Faces", 1);
  return rows.map(() => "done");
}
`;

async function start(
  store: ModelStoreFolder,
  config: Readonly<Record<string, string | number | boolean>>,
): Promise<MarinaProcess> {
  return await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: { default_workers_per_model: 1, ...config },
  });
}

async function predict(marina: MarinaProcess): Promise<void> {
  const url = `${marina.inferenceUrl}/predictions/counting`;
  strictEqual(await (await fetch(url, { method: "POST", body: "x" })).text(), "done");
}

async function scrape(marina: MarinaProcess): Promise<string> {
  return await (await fetch(`${marina.metricsUrl}/metrics`)).text();
}

/** Names of the metrics in a log file, each once. */
async function readLoggedNames(marina: MarinaProcess, file: string): Promise<string[]> {
  const text = await Deno.readTextFile(join(marina.logDir, file));
  return [...new Set([...text.matchAll(/ - (\w+)\./g)].map(([, name]) => name!))].sort();
}

Deno.test("metrics_mode=legacy has the three ts_* on /metrics alone, and lines for all the rest (§5, §2 metrics_mode)", async () => {
  await using store = await createModelStore({ counting: { handler: COUNTING_HANDLER } });
  await using marina = await start(store, {
    metrics_mode: "legacy",
    model_metrics_auto_detect: true,
  });
  for (let i = 0; i < 2; i++) await predict(marina);
  const text = await scrape(marina);
  deepStrictEqual(
    [...text.matchAll(/^# TYPE (\w+) (\w+)$/gm)].map(([, name, kind]) => [name, kind]),
    [
      ["ts_inference_requests_total", "counter"],
      ["ts_inference_latency_microseconds", "counter"],
      ["ts_queue_latency_microseconds", "counter"],
    ],
  );
  const labels = `model_name="counting",model_version="default",hostname="${HOST}",`;
  ok(text.includes(`\nts_inference_requests_total{${labels}} 2.0\n`), text);
  match(text, /^ts_inference_latency_microseconds\{.*,\} [1-9][\d.E]*$/m);
  strictEqual(await marina.stop(), 0);
  const logged = await readLoggedNames(marina, "ts_metrics.log");
  for (const name of ["Requests2XX", "QueueTime", "WorkerThreadTime", "WorkerLoadTime"]) {
    ok(logged.includes(name), name);
  }
  ok(logged.includes("CPUUtilization") && logged.includes("DiskAvailable"));
  deepStrictEqual(logged.filter((name) => name.startsWith("ts_")), []);
  deepStrictEqual(await readLoggedNames(marina, "model_metrics.log"), ["Faces", "PredictionTime"]);
});

Deno.test("a handler's metric that no file defines is dropped unless it is to be detected (§5, §2 model_metrics_auto_detect)", async () => {
  await using store = await createModelStore({ counting: { handler: COUNTING_HANDLER } });
  for (const model_metrics_auto_detect of [false, true]) {
    await using marina = await start(store, {
      metrics_mode: "prometheus",
      model_metrics_auto_detect,
    });
    await predict(marina);
    const text = await scrape(marina);
    strictEqual(
      text.includes(`\nFaces{ModelName="counting",Level="Model",Hostname="${HOST}",} 1.0\n`),
      model_metrics_auto_detect,
    );
  }
});

Deno.test("the machine is measured every metric_time_interval seconds, or never (§5, §2 metric_time_interval, disable_system_metrics)", async () => {
  await using folder = await TempFolder.create();
  const args = ["--model-store", folder.path];
  {
    await using marina = await startMarina({ args, config: { metric_time_interval: 1 } });
    const countRounds = async () => {
      const text = await Deno.readTextFile(join(marina.logDir, "ts_metrics.log"));
      return text.split("CPUUtilization.Percent:").length - 1;
    };
    // The first is taken at the start.
    await waitFor(countRounds, (count) => count >= 3);
  }
  const config = { metrics_mode: "prometheus", disable_system_metrics: true };
  await using marina = await startMarina({ args, config });
  const text = await scrape(marina);
  match(text, /^# TYPE CPUUtilization gauge$/m);
  for (const name of ["CPUUtilization", "MemoryUsed", "DiskAvailable", "GPUUtilization"]) {
    ok(!text.includes(`\n${name}{`), name);
  }
});
