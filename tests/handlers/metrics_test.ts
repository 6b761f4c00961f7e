import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { Metrics } from "marina";
import { MetricRegistry } from "../../handlers/metrics.ts";

function start() {
  const registry = new MetricRegistry("m");
  return { registry, metrics: new Metrics(registry, () => ["a", "b"]) };
}

const MODEL = { ModelName: "m", Level: "Model" };

Deno.test("Metrics give each kind its type, unit and default dimensions", () => {
  const { metrics } = start();
  metrics.addCounter("Rows", 2);
  metrics.addTime("Wait", 3.25, { index: 1 });
  metrics.addTime("Load", 1, { unit: "s", dimensions: { Stage: "x" } });
  metrics.addSize("Cache", 5, { unit: "kB" });
  metrics.addPercent("Use", 50);
  metrics.addError("Broken", 1);
  metrics.addMetric("Words", 9, "words");
  const batch = { requestId: "a,b" };
  deepStrictEqual(metrics.takeRecords(), [
    { name: "Rows", unit: "Count", type: "counter", value: 2, dimensions: MODEL, ...batch },
    {
      name: "Wait",
      unit: "Milliseconds",
      type: "gauge",
      value: 3.25,
      dimensions: MODEL,
      requestId: "b",
    },
    {
      name: "Load",
      unit: "Seconds",
      type: "gauge",
      value: 1,
      dimensions: { Stage: "x", ...MODEL },
      ...batch,
    },
    { name: "Cache", unit: "Kilobytes", type: "gauge", value: 5, dimensions: MODEL, ...batch },
    { name: "Use", unit: "Percent", type: "gauge", value: 50, dimensions: MODEL, ...batch },
    {
      name: "Broken",
      unit: "unit",
      type: "counter",
      value: 1,
      dimensions: { ModelName: "m", Level: "Error" },
    },
    { name: "Words", unit: "words", type: "counter", value: 9, dimensions: MODEL, ...batch },
  ]);
  deepStrictEqual(metrics.takeRecords(), []);
});

Deno.test("Metrics refuse units that are no time or size, in upstream's words", () => {
  const { metrics } = start();
  throws(() => metrics.addTime("T", 1, { unit: "min" as "s" }), {
    message: "the unit for a timed metric should be one of ['ms', 's']",
  });
  throws(() => metrics.addSize("S", 1, { unit: "TB" as "GB" }), {
    message: "The unit for size based metric is one of ['MB','kB', 'GB', 'B']",
  });
});

Deno.test("Metrics leave out a report that does not fit and say so in a line for the log", () => {
  const { metrics } = start();
  metrics.addCounter("C", -1);
  metrics.addCounter("D", 1, { dimensions: { a: "1" } });
  metrics.addCounter("D", 1, { dimensions: { b: "1" } });
  metrics.addTime("T", NaN);
  strictEqual(metrics.takeRecords().length, 1);
  deepStrictEqual(metrics.takeRejections(), [
    "Failed to update metric with name:C and dimensions: ModelName, Level with value: -1: " +
    "Counter metric update value cannot be negative",
    "Failed to update metric with name:D and dimensions: b, ModelName, Level with value: 1: " +
    "expected dimensions a, ModelName, Level",
    "Failed to update metric with name:T and dimensions: ModelName, Level with value: NaN: " +
    "expected a finite number",
  ]);
});

Deno.test("Metrics.addMetricToCache() defines a metric that later batches find", () => {
  const { metrics, registry } = start();
  const defined = metrics.addMetricToCache("Hits", "count", { dimensionNames: ["Kind"] });
  const later = new Metrics(registry, () => []);
  strictEqual(later.getMetric("Hits"), defined);
  defined.addOrUpdate(3, ["cold"], "a");
  defined.addOrUpdate(3, []);
  deepStrictEqual(later.takeRecords(), [{
    name: "Hits",
    unit: "Count",
    type: "counter",
    value: 3,
    dimensions: { Kind: "cold", ...MODEL },
    requestId: "a",
  }]);
  strictEqual(later.takeRejections().length, 1);
  throws(() => later.getMetric("Hits", "gauge"), {
    message: "Metric of type 'gauge' and name 'Hits' doesn't exist",
  });
});

Deno.test("Metrics keep 10,000 values of a batch, and 100 lines that say why others were left out", () => {
  const { metrics } = start();
  for (let i = 0; i < 10_200; i++) metrics.addCounter("C", 1);
  strictEqual(metrics.takeRecords().length, 10_000);
  const rejections = metrics.takeRejections();
  strictEqual(rejections.length, 100);
  strictEqual(
    rejections[0],
    "Failed to update metric with name:C and dimensions: ModelName, Level with value: 1: " +
      "one batch reports at most 10000 values",
  );
  metrics.addCounter("C", 1);
  strictEqual(metrics.takeRecords().length, 1);
});
