import { deepStrictEqual, strictEqual } from "node:assert/strict";
import type { MetricDefinitions } from "../../../server/metrics/mod.ts";
import { type StartedMetrics, startMetrics } from "./_fixtures.ts";

const MODEL = { ModelName: "m", Level: "Model" };

interface ReportOptions {
  readonly value?: number;
  readonly type?: string;
  readonly dimensions?: Record<string, string>;
  readonly id?: string;
}

function report(
  { metrics }: StartedMetrics,
  name: string,
  options: ReportOptions = {},
): void {
  const { value = 1, type = "counter", dimensions = MODEL, id } = options;
  metrics.handlerMetrics.record("m", {
    name,
    unit: "Count",
    type,
    value,
    dimensions,
    requestId: id,
  });
}

const DEFINITIONS: MetricDefinitions = {
  server: [{ name: "Taken", unit: "x", kind: "gauge", dimensions: [] }],
  model: [
    { name: "Faces", unit: "count", kind: "counter", dimensions: ["ModelName", "Level"] },
    { name: "Size", unit: "MB", kind: "histogram", dimensions: ["Kind", "ModelName"] },
  ],
};

Deno.test("HandlerMetrics records what metrics.yaml defines, with Hostname at the end (§5)", async () => {
  const started = startMetrics({ mode: "prometheus", definitions: DEFINITIONS });
  report(started, "Faces", { value: 2 });
  report(started, "Faces", { value: 3 });
  report(started, "Size", { value: 0.03, dimensions: { ...MODEL, Kind: "png" } });
  deepStrictEqual(await started.show("Faces"), [
    'Faces{ModelName="m",Level="Model",Hostname="vm",} 5.0',
  ]);
  const buckets = await started.show("Size_bucket");
  strictEqual(buckets.length, 15);
  deepStrictEqual(buckets.slice(2, 4), [
    'Size_bucket{Kind="png",ModelName="m",Hostname="vm",le="0.025",} 0.0',
    'Size_bucket{Kind="png",ModelName="m",Hostname="vm",le="0.05",} 1.0',
  ]);
  deepStrictEqual(started.warnings, []);
});

Deno.test("HandlerMetrics drops unknown names unless they are to be detected (§5)", async () => {
  const strict = startMetrics({ mode: "prometheus" });
  report(strict, "Unknown");
  deepStrictEqual(await strict.show("Unknown"), []);
  const open = startMetrics({ mode: "prometheus", isAutoDetectEnabled: true });
  report(open, "Unknown", { type: "gauge", value: 7, dimensions: { Stage: "x", ...MODEL } });
  deepStrictEqual(await open.show("Unknown"), [
    'Unknown{Stage="x",ModelName="m",Level="Model",Hostname="vm",} 7.0',
  ]);
  deepStrictEqual(await open.show("# HELP Unknown"), [
    "# HELP Unknown Torchserve prometheus gauge metric with unit: Count",
  ]);
});

Deno.test("HandlerMetrics names the requests in a line of the mode log (§5)", async () => {
  const started = startMetrics({ mode: "log", definitions: DEFINITIONS });
  report(started, "Faces", { id: "a,b" });
  await started.metrics.stop();
  deepStrictEqual(started.lines.map((line) => line.replace(/\d+$/, "N")), [
    "model_metrics: Faces.count:1.0|#ModelName:m,Level:Model|#hostname:vm,requestID:a,b,timestamp:N",
  ]);
});

const DROPPED: ({ readonly name: string; readonly reason: string } & ReportOptions)[] = [
  { name: "Faces", dimensions: { Level: "Model" }, reason: 'it has no dimension "ModelName"' },
  { name: "Faces", value: -1, reason: "a counter takes no negative values" },
  {
    name: "Faces",
    dimensions: { ModelName: "m".repeat(257), Level: "Model" },
    reason: 'its dimension "ModelName" has more than 256 characters',
  },
  { name: "bad name", reason: "its name, type or dimensions are none that a metric may have" },
  { name: "marina_own", reason: "its name, type or dimensions are none that a metric may have" },
  { name: "T", type: "x", reason: "its name, type or dimensions are none that a metric may have" },
  {
    name: "D",
    dimensions: { "a-b": "c" },
    reason: "its name, type or dimensions are none that a metric may have",
  },
  {
    name: "Taken",
    type: "counter",
    reason: "another metric has its name, or it has too many labels",
  },
];

Deno.test.each(DROPPED)(
  "HandlerMetrics drops $name and warns once: $reason",
  async ({ name, reason, ...options }) => {
    const started = startMetrics({
      mode: "prometheus",
      definitions: DEFINITIONS,
      isAutoDetectEnabled: true,
    });
    for (let i = 0; i < 3; i++) report(started, name, options);
    deepStrictEqual(started.warnings, [`Cannot record metric "${name}": ${reason}`]);
    deepStrictEqual((await started.show(`${name}{`)).length, 0);
  },
);

Deno.test("HandlerMetrics bounds label sets, names and dimensions: a handler cannot fill the memory", async () => {
  const started = startMetrics({
    mode: "prometheus",
    definitions: DEFINITIONS,
    isAutoDetectEnabled: true,
  });
  for (let i = 0; i < 3_000; i++) {
    report(started, "Faces", { dimensions: { ModelName: `m${i}`, Level: "Model" } });
    report(started, `Detected${i}`);
  }
  strictEqual((await started.show("Faces{")).length, 1_000);
  strictEqual((await started.show("# TYPE Detected")).length, 200);
});
