import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { MetricLog } from "../../../server/metrics/metric_log.ts";
import { ManualClock } from "../../support/manual_clock.ts";

const COUNTER = {
  name: "Requests2XX",
  unit: "Count",
  kind: "counter",
  dimensions: ["Level", "Hostname"],
} as const;
const GAUGE = {
  name: "HandlerTime",
  unit: "ms",
  kind: "gauge",
  dimensions: ["ModelName", "Level", "Hostname"],
} as const;

async function start() {
  const clock = new ManualClock();
  const lines: string[] = [];
  await clock.advance(1_795_229_338_900);
  const log = new MetricLog({
    file: "ts_metrics",
    hostname: "vm",
    clock,
    writeLine: (file, line) => lines.push(`${file} ${line}`),
  });
  return { clock, lines, log };
}

Deno.test("MetricLog writes TorchServe's lines, the host once and at its place (§5)", async () => {
  const { clock, lines, log } = await start();
  log.openSeries(COUNTER, ["Host", "vm"]).record(1);
  log.openSeries(GAUGE, ["m", "Model", "vm"]).record(3.25, () => "a,b");
  deepStrictEqual(lines, []);
  await clock.advance(99);
  deepStrictEqual(lines, []);
  await clock.advance(1);
  deepStrictEqual(lines, [
    "ts_metrics Requests2XX.Count:1.0|#Level:Host|#hostname:vm,timestamp:1795229339",
    "ts_metrics HandlerTime.ms:3.25|#ModelName:m,Level:Model|#hostname:vm,requestID:a,b," +
    "timestamp:1795229339",
  ]);
  deepStrictEqual(clock.pendingDelaysMs, []);
});

Deno.test("MetricLog adds up what comes faster than 200 values in a tenth of a second", async () => {
  const { clock, lines, log } = await start();
  const counter = log.openSeries(COUNTER, ["Host", "vm"]);
  const gauge = log.openSeries(GAUGE, ["m", "Model", "vm"]);
  for (let i = 0; i < 1_000; i++) {
    counter.record(2);
    gauge.record(i);
  }
  await clock.advance(100);
  strictEqual(lines.length, 202);
  const sum = lines.filter((line) => line.includes("Requests2XX"))
    .reduce((total, line) => total + Number(/Count:([\d.]+)/.exec(line)![1]), 0);
  strictEqual(sum, 2_000);
  strictEqual(lines.at(-1)!.startsWith("ts_metrics HandlerTime.ms:999.0|"), true);
});

Deno.test("MetricLog.flush() writes what is kept and leaves no timer", async () => {
  const { clock, lines, log } = await start();
  log.openSeries(COUNTER, ["Host", "vm"]).record(1);
  log.flush();
  strictEqual(lines.length, 1);
  deepStrictEqual(clock.pendingDelaysMs, []);
  log.flush();
  strictEqual(lines.length, 1);
});

Deno.test("MetricLog keeps a handler's words within their line", async () => {
  const { lines, log } = await start();
  log.openSeries(GAUGE, ["m\nRequests5XX.Count:9", "Model", "vm"]).record(1);
  log.flush();
  strictEqual(lines.length, 1);
  strictEqual(lines[0]!.includes("\n"), false);
});
