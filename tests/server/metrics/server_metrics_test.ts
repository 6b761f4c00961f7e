import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { BUILT_IN_DEFINITIONS } from "../../../server/metrics/built_in_definitions.ts";
import {
  type StartedMetrics,
  startMetrics,
  toCall,
  toReading,
  toReport,
  WORKER,
} from "./_fixtures.ts";

/** One request, answered, with one metric of its handler. */
function serveOne({ metrics }: StartedMetrics): void {
  const events = metrics.createVersionMetrics("m", "1.0");
  events.onWorkerReady(WORKER, 100);
  events.onRequest!(toCall("a"));
  const stages = { preprocessMs: 1, inferenceMs: 6, postprocessMs: 2 };
  events.onBatchDone(WORKER, toReport({ result: { stages } }));
  metrics.httpCounts.onAnswered({ status: 200, requestId: "a" });
}

Deno.test("in the mode log /metrics is empty and every value is a line (T4, §5)", async () => {
  const started = startMetrics({ mode: "log" });
  serveOne(started);
  strictEqual(await started.metrics.readText(), "");
  await started.metrics.stop();
  deepStrictEqual(started.lines.map((line) => line.replace(/timestamp:\d+$/, "timestamp:N")), [
    "ts_metrics: WorkerLoadTime.Milliseconds:100.0|#WorkerName:W-9000-m_1.0,Level:Host|" +
    "#hostname:vm,timestamp:N",
    "ts_metrics: ts_inference_requests_total.Count:1.0|#model_name:m,model_version:default|" +
    "#hostname:vm,timestamp:N",
    "ts_metrics: ts_inference_latency_microseconds.Microseconds:13000.0|" +
    "#model_name:m,model_version:default|#hostname:vm,timestamp:N",
    "ts_metrics: ts_queue_latency_microseconds.Microseconds:2000.0|" +
    "#model_name:m,model_version:default|#hostname:vm,timestamp:N",
    "ts_metrics: QueueTime.Milliseconds:2.0|#Level:Host|#hostname:vm,timestamp:N",
    "ts_metrics: WorkerThreadTime.Milliseconds:1.0|#Level:Host|#hostname:vm,timestamp:N",
    "ts_metrics: Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:N",
    "model_metrics: PredictionTime.ms:10.0|#ModelName:m,Level:Model|" +
    "#hostname:vm,requestID:a,timestamp:N",
    "model_metrics: HandlerTime.ms:9.0|#ModelName:m,Level:Model|" +
    "#hostname:vm,requestID:a,timestamp:N",
  ]);
});

Deno.test("in the mode prometheus there are no lines, and every metric is on /metrics (§5)", async () => {
  const started = startMetrics({ mode: "prometheus" });
  serveOne(started);
  const text = await started.metrics.readText();
  await started.metrics.stop();
  deepStrictEqual(started.lines, []);
  const all = [...BUILT_IN_DEFINITIONS.server, ...BUILT_IN_DEFINITIONS.model];
  for (const { name, kind, unit } of all) {
    ok(
      text.includes(
        `# HELP ${name} Torchserve prometheus ${kind} metric with unit: ${unit}\n# TYPE ${name} ${kind}\n`,
      ),
      name,
    );
  }
  match(text, /^marina_request_seconds_count\{.*\} 1\.0$/m);
});

Deno.test("in the mode legacy the three ts_* are on /metrics alone, the rest are lines (§5)", async () => {
  const started = startMetrics({ mode: "legacy" });
  serveOne(started);
  const text = await started.metrics.readText();
  await started.metrics.stop();
  deepStrictEqual(
    text.split("\n").filter((line) => line.startsWith("# TYPE")).map((line) => line.split(" ")[2]),
    [
      "ts_inference_requests_total",
      "ts_inference_latency_microseconds",
      "ts_queue_latency_microseconds",
    ],
  );
  match(text, /^ts_queue_latency_microseconds\{.*\} 2000\.0$/m);
  const logged = started.lines.map((line) => /: (\w+)\./.exec(line)![1]);
  deepStrictEqual(logged.sort(), [
    "HandlerTime",
    "PredictionTime",
    "QueueTime",
    "Requests2XX",
    "WorkerLoadTime",
    "WorkerThreadTime",
  ]);
});

Deno.test("what metrics.yaml does not list is not recorded, and may be of another kind (§5)", async () => {
  const definitions = {
    server: [
      { name: "QueueTime", unit: "ms", kind: "histogram", dimensions: ["scope", "node"] },
      { name: "Extra", unit: "x", kind: "gauge", dimensions: [] },
    ],
    model: [],
  } as const;
  const started = startMetrics({ mode: "prometheus", definitions });
  serveOne(started);
  const text = await started.metrics.readText();
  match(text, /^QueueTime_sum\{scope="Host",node="vm",\} 2\.0$/m);
  match(text, /^# TYPE Extra gauge$/m);
  for (const name of ["Requests2XX", "HandlerTime", "ts_inference_requests_total"]) {
    ok(!text.includes(name), name);
  }
});

Deno.test("queues and workers are looked up when somebody asks", async () => {
  const { models, show } = startMetrics({ mode: "prometheus" });
  deepStrictEqual(await show("marina_queue_"), [
    'marina_queue_requests{model_name="m",model_version="1.0",} 3.0',
    'marina_queue_free{model_name="m",model_version="1.0",} 97.0',
  ]);
  deepStrictEqual(
    (await show("marina_workers")).map((line) => line.slice(line.indexOf("state"))),
    [
      'state="starting",} 0.0',
      'state="ready",} 1.0',
      'state="waiting",} 0.0',
      'state="failed",} 0.0',
    ],
  );
  models.length = 0;
  deepStrictEqual(await show("marina_workers"), []);
});

Deno.test("a removed model takes its series with it, and counts anew when it comes back", async () => {
  const started = startMetrics({ mode: "prometheus" });
  serveOne(started);
  const { metrics, models, show } = started;
  const ofModel = async () =>
    (await metrics.readText()).split("\n").filter((line) => /"(m|W-9000-m_1\.0)"/.test(line));
  ok((await ofModel()).length > 10);
  models.length = 0;
  deepStrictEqual(await ofModel(), []);
  models.push(toReading("m", "1.0", ["9000"]));
  serveOne(started);
  deepStrictEqual(await show("ts_inference_requests_total"), [
    'ts_inference_requests_total{model_name="m",model_version="default",hostname="vm",} 1.0',
  ]);
});

Deno.test("a version's series outlive another version's, and a removal does not stop its counting", async () => {
  const { metrics, models, show } = startMetrics({ mode: "prometheus" });
  const events = metrics.createVersionMetrics("m", "1.0");
  metrics.createVersionMetrics("m", "2.0").onRequest!(toCall("a", { modelVersion: "2.0" }));
  events.onRequest!(toCall("b", { modelVersion: "1.0" }));
  models.push(toReading("m", "2.0"));
  strictEqual((await show("ts_inference_requests_total{")).length, 2);
  models.pop();
  strictEqual((await show("ts_inference_requests_total{")).length, 1);
  events.onRequest!(toCall("c", { modelVersion: "1.0" }));
  match((await show("ts_inference_requests_total{"))[0]!, / 2\.0$/);
});

Deno.test("a version whose series went while it was not listed goes on counting", async () => {
  const { metrics, models, show } = startMetrics({ mode: "prometheus" });
  const events = metrics.createVersionMetrics("m", "1.0");
  const listed = models.pop()!;
  deepStrictEqual(await show("marina_batches_total{"), []);
  models.push(listed);
  events.onRequest!(toCall("a"));
  events.onBatchDone(WORKER, toReport());
  strictEqual((await show("ts_inference_requests_total{")).length, 1);
  strictEqual((await show("marina_batches_total{")).length, 1);
});

Deno.test("a shadow shows what was copied to it", async () => {
  const { models, show } = startMetrics({ mode: "prometheus" });
  models.push({ ...toReading("m", "2.0"), shadow: { sent: 5, dropped: 2, failed: 1 } });
  deepStrictEqual(
    (await show("marina_shadow_requests_total{")).map((line) => line.split('outcome="')[1]),
    ['sent",} 5.0', 'dropped",} 2.0', 'failed",} 1.0'],
  );
  match((await show("# TYPE marina_shadow_requests_total"))[0]!, / counter$/);
});

Deno.test("a stopped worker takes its WorkerLoadTime with it", async () => {
  const started = startMetrics({ mode: "prometheus" });
  serveOne(started);
  strictEqual((await started.show("WorkerLoadTime{")).length, 1);
  started.models[0] = toReading("m", "1.0", ["9001"]);
  strictEqual((await started.show("WorkerLoadTime{")).length, 0);
});

Deno.test("models that come and go leave nothing behind, even if nobody reads /metrics", async () => {
  const { metrics, models, show } = startMetrics({ mode: "prometheus" });
  const before = (await show("")).length;
  for (let i = 0; i < 500; i++) {
    models.push(toReading(`gone${i}`, "1.0"));
    metrics.createVersionMetrics(`gone${i}`, "1.0").onRequest!(toCall("a"));
    models.pop();
  }
  // Each time a model came, the one before it went.
  strictEqual(metrics.generation, 499);
  strictEqual((await show("")).length, before);
});
