import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { startMetrics, toCall, toReport, WORKER } from "./_fixtures.ts";

const MODEL = 'model_name="m",model_version="1.0",';

function start() {
  const started = startMetrics({ mode: "prometheus" });
  return { ...started, events: started.metrics.createVersionMetrics("m", "1.0") };
}

Deno.test("ts_inference_requests_total counts each request as it comes, by the version it names (§5)", async () => {
  const { events, show } = start();
  events.onRequest!(toCall("a"));
  events.onRequest!(toCall("b"));
  events.onRequest!(toCall("c", { modelVersion: "1.0" }));
  events.onRequest!(toCall("d", { kind: "describe" }));
  deepStrictEqual(await show("ts_inference_requests_total"), [
    'ts_inference_requests_total{model_name="m",model_version="1.0",hostname="vm",} 1.0',
    'ts_inference_requests_total{model_name="m",model_version="default",hostname="vm",} 2.0',
  ]);
});

Deno.test("a shadow's copy counts under the shadow's own version", async () => {
  const { events, show } = start();
  events.onRequest!(toCall("a", { servedVersion: undefined }));
  deepStrictEqual(await show("ts_inference_requests_total"), [
    'ts_inference_requests_total{model_name="m",model_version="1.0",hostname="vm",} 1.0',
  ]);
});

Deno.test("latencies are sums in microseconds, times are gauges in whole milliseconds (§5)", async () => {
  const { events, show } = start();
  for (const requestId of ["a", "b"]) {
    events.onBatchDone(WORKER, toReport({ calls: [toCall(requestId)] }));
    events.onWorkerFailure(WORKER, { message: "" }, "died");
  }
  const labels = 'model_name="m",model_version="default",hostname="vm",';
  deepStrictEqual(await show("ts_inference_latency_microseconds"), [
    `ts_inference_latency_microseconds{${labels}} 26000.0`,
  ]);
  deepStrictEqual(await show("ts_queue_latency_microseconds"), [
    `ts_queue_latency_microseconds{${labels}} 4000.0`,
  ]);
  deepStrictEqual(await show("QueueTime"), ['QueueTime{Level="Host",Hostname="vm",} 2.0']);
  deepStrictEqual(await show("WorkerThreadTime"), [
    'WorkerThreadTime{Level="Host",Hostname="vm",} 1.0',
  ]);
  deepStrictEqual(await show("PredictionTime"), [
    'PredictionTime{ModelName="m",Level="Model",Hostname="vm",} 10.0',
  ]);
});

Deno.test("a batch handed over ahead of time waits until the one before it is done", async () => {
  const { events, show } = start();
  events.onBatchDone(WORKER, toReport({ enqueuedAtMs: 0, sentAtMs: 0, doneAtMs: 10 }));
  events.onBatchDone(WORKER, toReport({ enqueuedAtMs: 0, sentAtMs: 1, doneAtMs: 20 }));
  deepStrictEqual(await show("QueueTime"), ['QueueTime{Level="Host",Hostname="vm",} 10.0']);
  deepStrictEqual(await show("marina_queue_seconds_sum"), [
    `marina_queue_seconds_sum{${MODEL}} 0.01`,
  ]);
});

Deno.test("a failed batch has no latency, and counts by its error's code", async () => {
  const { events, show } = start();
  const error = { code: "prediction_failed", message: "Prediction failed" } as const;
  events.onBatchDone(WORKER, toReport({ result: { answers: undefined, error } }));
  deepStrictEqual(await show("ts_inference_latency_microseconds"), []);
  deepStrictEqual(await show("marina_request_seconds_count"), []);
  deepStrictEqual(await show("marina_batch_failures_total"), [
    `marina_batch_failures_total{${MODEL}code="prediction_failed",} 1.0`,
  ]);
});

Deno.test("HandlerTime is the sum of the stages, each of which has a histogram", async () => {
  const { events, show } = start();
  const stages = { preprocessMs: 1, inferenceMs: 6, postprocessMs: 2 };
  events.onBatchDone(WORKER, toReport({ result: { stages } }));
  deepStrictEqual(await show("HandlerTime"), [
    'HandlerTime{ModelName="m",Level="Model",Hostname="vm",} 9.0',
  ]);
  for (const [stage, sum] of [["preprocess", "0.001"], ["inference", "0.006"]]) {
    deepStrictEqual(await show(`marina_${stage}_seconds_sum`), [
      `marina_${stage}_seconds_sum{${MODEL}} ${sum}`,
    ]);
  }
});

Deno.test("a handler that tells its model's runs alone has no HandlerTime", async () => {
  const { events, show } = start();
  events.onBatchDone(WORKER, toReport({ result: { stages: { inferenceMs: 6 } } }));
  deepStrictEqual(await show("HandlerTime"), []);
  deepStrictEqual(await show("marina_preprocess_seconds_count"), []);
  deepStrictEqual(await show("marina_inference_seconds_count"), [
    `marina_inference_seconds_count{${MODEL}} 1.0`,
  ]);
});

Deno.test("batches are counted by their requests, their rows and why they closed", async () => {
  const { events, show } = start();
  events.onBatchDone(WORKER, toReport({ calls: [toCall("a"), toCall("b"), toCall("c")] }));
  deepStrictEqual(await show("marina_batches_total"), [
    `marina_batches_total{${MODEL}reason="full",} 1.0`,
  ]);
  deepStrictEqual(await show("marina_batch_requests_sum"), [
    `marina_batch_requests_sum{${MODEL}} 3.0`,
  ]);
  deepStrictEqual(await show("marina_batch_rows_sum"), [`marina_batch_rows_sum{${MODEL}} 6.0`]);
  const buckets = await show("marina_batch_rows_bucket");
  deepStrictEqual(buckets.slice(2, 4), [
    `marina_batch_rows_bucket{${MODEL}le="4.0",} 0.0`,
    `marina_batch_rows_bucket{${MODEL}le="8.0",} 1.0`,
  ]);
  strictEqual(buckets.at(-1), `marina_batch_rows_bucket{${MODEL}le="+Inf",} 1.0`);
});

Deno.test("WorkerLoadTime names the worker as TorchServe's threads are named (§5)", async () => {
  const { events, show } = start();
  events.onWorkerReady(WORKER, 127.4);
  deepStrictEqual(await show("WorkerLoadTime"), [
    'WorkerLoadTime{WorkerName="W-9000-m_1.0",Level="Host",Hostname="vm",} 127.0',
  ]);
  deepStrictEqual(await show("marina_model_load_seconds_count"), [
    `marina_model_load_seconds_count{${MODEL}} 1.0`,
  ]);
});

Deno.test("failures of workers are counted from 0, changes of their number as they come", async () => {
  const { events, show } = start();
  strictEqual((await show("marina_worker_failures_total")).length, 5);
  events.onWorkerFailure(WORKER, { message: "" }, "died");
  strictEqual(
    (await show("marina_worker_failures_total")).find((line) => line.includes("died")),
    `marina_worker_failures_total{${MODEL}kind="died",} 1.0`,
  );
  events.onScaling!({ from: 1, to: 2, reason: "" });
  deepStrictEqual(await show("marina_scalings_total"), [
    `marina_scalings_total{${MODEL}direction="up",} 1.0`,
  ]);
});

Deno.test("a description counts nowhere", async () => {
  const { events, show } = start();
  events.onBatchDone(WORKER, toReport({ calls: [toCall("a", { kind: "describe" })] }));
  deepStrictEqual(await show("marina_batches_total"), []);
  deepStrictEqual(await show("PredictionTime"), []);
});
