import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { BUILT_IN_DEFINITIONS } from "../../../server/metrics/built_in_definitions.ts";
import { parseDefinitions } from "../../../server/metrics/parse_definitions.ts";

/** In the form of the file that TorchServe ships: anchors, lists by kind. */
const FULL_FILE = `
dimensions:
  - &model_name "ModelName"
  - &worker_name "WorkerName"
  - &level "Level"
  - &device_id "DeviceId"
  - &hostname "Hostname"

ts_metrics:
  counter:
${["Requests2XX", "Requests4XX", "Requests5XX"].map(toHostMetric("Count")).join("")}
    - name: ts_inference_requests_total
      unit: Count
      dimensions: ["model_name", "model_version", "hostname"]
    - name: ts_inference_latency_microseconds
      unit: Microseconds
      dimensions: ["model_name", "model_version", "hostname"]
    - name: ts_queue_latency_microseconds
      unit: Microseconds
      dimensions: ["model_name", "model_version", "hostname"]
  gauge:
${["QueueTime", "WorkerThreadTime"].map(toHostMetric("Milliseconds")).join("")}
    - name: WorkerLoadTime
      unit: Milliseconds
      dimensions: [*worker_name, *level, *hostname]
${toHostMetric("Percent")("CPUUtilization")}
${["MemoryUsed", "MemoryAvailable"].map(toHostMetric("Megabytes")).join("")}
${toHostMetric("Percent")("MemoryUtilization")}
${toHostMetric("Gigabytes")("DiskUsage")}
${toHostMetric("Percent")("DiskUtilization")}
${toHostMetric("Gigabytes")("DiskAvailable")}
    - name: GPUMemoryUtilization
      unit: Percent
      dimensions: [*level, *device_id, *hostname]
    - name: GPUMemoryUsed
      unit: Megabytes
      dimensions: [*level, *device_id, *hostname]
    - name: GPUUtilization
      unit: Percent
      dimensions: [*level, *device_id, *hostname]

model_metrics:
  gauge:
    - name: HandlerTime
      unit: ms
      dimensions: [*model_name, *level]
    - name: PredictionTime
      unit: ms
      dimensions: [*model_name, *level]
`;

function toHostMetric(unit: string): (name: string) => string {
  return (name) =>
    `    - name: ${name}\n      unit: ${unit}\n      dimensions: [*level, *hostname]\n`;
}

Deno.test("parseDefinitions() of a file with all of TorchServe's metrics gives the built-in ones (§5)", () => {
  deepStrictEqual(parseDefinitions(FULL_FILE), BUILT_IN_DEFINITIONS);
});

Deno.test("parseDefinitions() takes another kind and other names of dimensions, by their place (§5)", () => {
  const { server } = parseDefinitions(
    "ts_metrics:\n  histogram:\n    - {name: QueueTime, unit: ms, dimensions: [scope, node]}\n",
  );
  deepStrictEqual(server, [
    { name: "QueueTime", unit: "ms", kind: "histogram", dimensions: ["scope", "node"] },
  ]);
});

Deno.test("parseDefinitions() takes empty sections and metrics without dimensions", () => {
  deepStrictEqual(
    parseDefinitions("ts_metrics:\nmodel_metrics:\n  counter:\n    - {name: A, unit: x}\n"),
    { server: [], model: [{ name: "A", unit: "x", kind: "counter", dimensions: [] }] },
  );
});

const METRIC = "model_metrics:\n  counter:\n    - ";

Deno.test.each([
  { text: "", message: "the file must hold ts_metrics or model_metrics (line 1)" },
  { text: "- a", message: "the file must hold ts_metrics or model_metrics (line 1)" },
  { text: "model_metrics: 5", message: "model_metrics must hold lists by kind (line 1)" },
  {
    text: "model_metrics:\n  summary: []",
    message: 'a kind of metric must be one of counter, gauge, histogram, found "summary" (line 2)',
  },
  {
    text: "model_metrics:\n  gauge: {a: b}",
    message: "model_metrics.gauge must be a list (line 2)",
  },
  { text: `${METRIC}A`, message: "a metric must have a name and a unit (line 3)" },
  { text: `${METRIC}{unit: x}`, message: "a metric must have a name (line 3)" },
  { text: `${METRIC}{name: "", unit: x}`, message: "a metric must have a name (line 3)" },
  { text: `${METRIC}{name: A}`, message: "a metric must have a unit (line 3)" },
  {
    text: `${METRIC}{name: A, unit: " "}`,
    message: 'a metric must have a unit, found " " (line 3)',
  },
  {
    text: `${METRIC}{name: A b, unit: x}`,
    message: 'a metric\'s name must consist of letters, digits, "_" and ":", found "A b" (line 3)',
  },
  {
    text: `${METRIC}{name: marina_x, unit: x}`,
    message: 'a metric\'s name must not begin with "marina_", found "marina_x" (line 3)',
  },
  {
    text: `${METRIC}{name: A, unit: x}\n    - {name: A, unit: y}`,
    message: 'a metric must be listed once, found "A" (line 4)',
  },
  {
    text: `${METRIC}{name: A, unit: x, dimensions: D}`,
    message: 'dimensions must be a list, found "D" (line 3)',
  },
  {
    text: `${METRIC}{name: A, unit: x, dimensions: [D, D]}`,
    message: 'dimensions must be different words of letters, digits and "_", found "D" (line 3)',
  },
  {
    text: `${METRIC}{name: A, unit: x, dimensions: [__name__]}`,
    message:
      'dimensions must be different words of letters, digits and "_", found "__name__" (line 3)',
  },
  {
    text: "ts_metrics:\n  counter:\n    - {name: Requests2XX, unit: Count, dimensions: [Level]}",
    message: '"Requests2XX" must have 2 dimensions (Level, Hostname), found "Level" (line 3)',
  },
])("parseDefinitions() rejects the whole file: $message (§5)", ({ text, message }) => {
  throws(() => parseDefinitions(text), {
    name: "SyntaxError",
    message: `Cannot read metrics: ${message}`,
  });
});

Deno.test("parseDefinitions() says where a file is no YAML", () => {
  let message = "";
  try {
    parseDefinitions("ts_metrics:\n  counter: [\n");
  } catch (error) {
    message = (error as Error).message;
  }
  strictEqual(message.startsWith("Cannot read metrics: the file must be YAML, found: "), true);
  strictEqual(/line \d/.test(message), true);
});
