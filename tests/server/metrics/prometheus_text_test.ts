import { match, strictEqual } from "node:assert/strict";
import { toJavaDouble } from "../../../server/metrics/java_double.ts";
import { toPrometheusText } from "../../../server/metrics/prometheus_text.ts";

const REQUESTS = {
  name: "Requests2XX",
  help: "Torchserve prometheus counter metric with unit: Count",
  type: "counter",
  values: [{ labels: { Level: "Host", Hostname: "vm" }, value: 8 }],
};
const EMPTY = { name: "GPUUtilization", help: "Percent", type: "gauge", values: [] };

Deno.test.each([
  [0, "0.0"],
  [8, "8.0"],
  [-3, "-3.0"],
  [0.1, "0.1"],
  [3.171825213364207, "3.171825213364207"],
  [0.001, "0.001"],
  [0.00099, "9.9E-4"],
  [9_999_999, "9999999.0"],
  [10_000_000, "1.0E7"],
  [18_000_000, "1.8E7"],
  [1_795_264_406.969, "1.795264406969E9"],
  [-12_345_678.5, "-1.23456785E7"],
  [1e21, "1.0E21"],
  [5e-324, "5.0E-324"],
  [NaN, "NaN"],
  [-Infinity, "-Inf"],
])("toJavaDouble(%d) writes %s, as Java does (T4)", (value, text) => {
  strictEqual(toJavaDouble(value), text);
});

Deno.test("toPrometheusText() ends labels with a comma and numbers with a decimal (T4)", () => {
  const text = toPrometheusText([REQUESTS]);
  match(text, /^Requests2XX\{Level="Host",Hostname=".*",\} \d+\.\d+$/m);
  strictEqual(
    text,
    "# HELP Requests2XX Torchserve prometheus counter metric with unit: Count\n" +
      "# TYPE Requests2XX counter\n" +
      'Requests2XX{Level="Host",Hostname="vm",} 8.0\n',
  );
});

Deno.test("toPrometheusText() shows a metric without samples by its HELP and TYPE (§5)", () => {
  strictEqual(
    toPrometheusText([EMPTY]),
    "# HELP GPUUtilization Percent\n# TYPE GPUUtilization gauge\n",
  );
});

Deno.test("toPrometheusText() shows the named samples alone, and no metric without one (§1.8)", () => {
  const histogram = {
    name: "T",
    help: "time",
    type: "histogram",
    values: [
      { metricName: "T_bucket", labels: { le: "+Inf" }, value: 1 },
      { metricName: "T_sum", labels: {}, value: 2 },
    ],
  };
  const text = toPrometheusText([REQUESTS, EMPTY, histogram], new Set(["T_sum", "GPUUtilization"]));
  strictEqual(text, "# HELP T time\n# TYPE T histogram\nT_sum 2.0\n");
  strictEqual(toPrometheusText([REQUESTS, EMPTY], new Set(["nothing"])), "");
});

Deno.test("toPrometheusText() escapes what would end a label or a line", () => {
  const values = [{ labels: { kind: 'a"b\\c\nd' }, value: 1 }];
  const text = toPrometheusText([{ name: "X", help: "back\\slash\nfeed", type: "gauge", values }]);
  strictEqual(
    text,
    '# HELP X back\\\\slash\\nfeed\n# TYPE X gauge\nX{kind="a\\"b\\\\c\\nd",} 1.0\n',
  );
});
