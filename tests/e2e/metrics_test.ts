import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { hostname } from "node:os";
import { join } from "node:path";
import { parse } from "yaml";
import { BUILT_IN_DEFINITIONS } from "../../server/metrics/built_in_definitions.ts";
import { GATED_HANDLER, waitForGate, waitForPending } from "../support/gate.ts";
import { type MarinaProcess, runMarina, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

const HOST = hostname();
const REPOSITORY = new URL("../../", import.meta.url);
const IDENTITY = {
  handler: "base_handler",
  serializedFile: "tests/testdata/models/identity_float32.onnx",
};

/** Reports metrics as its request asks, and runs no model. */
const REPORTING_HANDLER = `
export function handle(rows, context) {
  if (rows === null) return;
  for (const { body } of rows) {
    if (body.fails) throw new Error("asked to fail");
    for (const { name, value, kind } of body.metrics ?? []) {
      context.metrics.addMetric(name, value, "count", { dimensions: { Kind: kind } });
    }
  }
  return rows.map(() => "done");
}
`;

/** One custom metric beside a few of the server's. */
const METRICS_YAML = `
dimensions:
  - &level "Level"
  - &hostname "Hostname"
ts_metrics:
  counter:
    - name: Requests2XX
      unit: Count
      dimensions: [*level, *hostname]
  histogram:
    - name: QueueTime
      unit: Milliseconds
      dimensions: [*level, *hostname]
model_metrics:
  counter:
    - name: Faces
      unit: count
      dimensions: ["Kind", "ModelName", *level]
`;

async function predict(marina: MarinaProcess, path: string, body: unknown): Promise<number> {
  const response = await fetch(`${marina.inferenceUrl}/predictions/${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  await response.body?.cancel();
  return response.status;
}

async function scrape(marina: MarinaProcess, query = ""): Promise<string> {
  const response = await fetch(`${marina.metricsUrl}/metrics${query}`);
  strictEqual(response.status, 200);
  strictEqual(response.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
  return await response.text();
}

/** The value of one series; its labels as they stand in the text. */
function valueOf(text: string, series: string): number | undefined {
  const line = text.split("\n").find((found) => found.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length + 1));
}

Deno.test("metrics_mode=prometheus shows what happened on /metrics (T4, T43, §5)", async (t) => {
  await using store = await createModelStore({
    identity: IDENTITY,
    reporting: { handler: REPORTING_HANDLER },
    gated: { handler: GATED_HANDLER },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all"],
    config: {
      metrics_mode: "prometheus",
      default_workers_per_model: 1,
      max_request_size: 1000,
      model_metrics_auto_detect: true,
      enable_model_api: true,
    },
  });

  await t.step("every metric of TorchServe is there, samples or not (§5)", async () => {
    const text = await scrape(marina);
    for (const { name, kind, unit } of Object.values(BUILT_IN_DEFINITIONS).flat()) {
      const help = `# HELP ${name} Torchserve prometheus ${kind} metric with unit: ${unit}`;
      ok(text.includes(`${help}\n# TYPE ${name} ${kind}\n`), name);
    }
  });

  await t.step("answers count by their class, the bare 413 nowhere (T43)", async () => {
    const before = await scrape(marina);
    strictEqual(await predict(marina, "identity", [1, 2, 3]), 200);
    strictEqual(await predict(marina, "nope", [1]), 404);
    strictEqual(await predict(marina, "identity", "x".repeat(2000)), 413);
    strictEqual(await predict(marina, "reporting", { fails: true }), 503);
    const text = await scrape(marina);
    const grown = ["2XX", "4XX", "5XX"].map((name) => {
      const series = `Requests${name}{Level="Host",Hostname="${HOST}",}`;
      return valueOf(text, series)! - valueOf(before, series)!;
    });
    // The scrape before is one of the answers.
    deepStrictEqual(grown, [2, 1, 1]);
    match(text, /^Requests2XX\{Level="Host",Hostname=".*",\} \d+\.\d+$/m);
  });

  await t.step("predictions count and add up by model and version (§5)", async () => {
    strictEqual(await predict(marina, "identity/1.0", [1, 2, 3]), 200);
    const text = await scrape(marina);
    for (const version of ["default", "1.0"]) {
      const labels = `{model_name="identity",model_version="${version}",hostname="${HOST}",}`;
      strictEqual(valueOf(text, `ts_inference_requests_total${labels}`), 1);
      const latency = valueOf(text, `ts_inference_latency_microseconds${labels}`)!;
      const queue = valueOf(text, `ts_queue_latency_microseconds${labels}`)!;
      ok(latency > 0 && queue >= 0 && queue < latency);
    }
    ok(!text.includes('model_name="nope"'));
    match(text, /^QueueTime\{Level="Host",Hostname=".*",\} \d+\.\d+$/m);
    match(text, /^WorkerThreadTime\{Level="Host",Hostname=".*",\} \d+\.\d+$/m);
    match(
      text,
      /^WorkerLoadTime\{WorkerName="W-90\d\d-identity_1\.0",Level="Host",Hostname=".*",\} \d+\.\d+$/m,
    );
  });

  await t.step("handlers' times are those of the last batch (§5)", async () => {
    const text = await scrape(marina);
    const labels = `{ModelName="identity",Level="Model",Hostname="${HOST}",}`;
    const handlerMs = valueOf(text, `HandlerTime${labels}`)!;
    ok(handlerMs > 0 && handlerMs <= valueOf(text, `PredictionTime${labels}`)!);
    strictEqual(valueOf(text, `HandlerTime${labels.replace("identity", "reporting")}`), undefined);
    const model = '{model_name="identity",model_version="1.0",}';
    for (const stage of ["request", "queue", "preprocess", "inference", "postprocess"]) {
      strictEqual(valueOf(text, `marina_${stage}_seconds_count${model}`), 2, stage);
    }
    const reporting = '{model_name="reporting",model_version="1.0",';
    strictEqual(valueOf(text, `marina_inference_seconds_count${reporting}}`), undefined);
    strictEqual(
      valueOf(text, `marina_batch_failures_total${reporting}code="prediction_failed",}`),
      1,
    );
  });

  await t.step("a handler's own metric is taken in when it may be (§5)", async () => {
    const metrics = [{ name: "Faces", value: 2, kind: "front" }];
    strictEqual(await predict(marina, "reporting", { metrics }), 200);
    strictEqual(await predict(marina, "reporting", { metrics }), 200);
    strictEqual(
      valueOf(
        await scrape(marina),
        `Faces{Kind="front",ModelName="reporting",Level="Model",Hostname="${HOST}",}`,
      ),
      4,
    );
  });

  await t.step("name[] shows the samples of these names alone (§1.8)", async () => {
    const text = await scrape(marina, "?name[]=Requests2XX&name[]=marina_batch_rows_count");
    const lines = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    deepStrictEqual(
      [...new Set(lines.map((line) => /^\w+/.exec(line)![0]))],
      ["Requests2XX", "marina_batch_rows_count"],
    );
    strictEqual(await scrape(marina, "?name[]=Nothing"), "");
    strictEqual(await scrape(marina, "?name[]=GPUUtilization"), "");
  });

  await t.step("the machine's state is there from the start (§5)", async () => {
    const text = await scrape(marina);
    for (const name of ["CPUUtilization", "MemoryUtilization", "DiskUtilization"]) {
      const percent = valueOf(text, `${name}{Level="Host",Hostname="${HOST}",}`)!;
      ok(percent >= 0 && percent <= 100, name);
    }
    for (const name of ["MemoryUsed", "MemoryAvailable", "DiskUsage", "DiskAvailable"]) {
      ok(valueOf(text, `${name}{Level="Host",Hostname="${HOST}",}`)! > 0, name);
    }
  });

  await t.step("what waits shows in the queue's gauges", async () => {
    const asked = [predict(marina, "gated", "wait")];
    const open = await waitForGate(marina, "gated");
    asked.push(predict(marina, "gated", "two"), predict(marina, "gated", "three"));
    await waitForPending(marina.managementUrl, "gated", 2);
    const model = '{model_name="gated",model_version="1.0",';
    const text = await scrape(marina);
    strictEqual(valueOf(text, `marina_queue_requests${model}}`), 2);
    strictEqual(valueOf(text, `marina_queue_free${model}}`), 98);
    strictEqual(valueOf(text, `marina_workers${model}state="ready",}`), 1);
    await open();
    deepStrictEqual(await Promise.all(asked), [200, 200, 200]);
  });

  await t.step("the dashboard and the alerts in deploy/ name metrics that there are", async () => {
    const names = new Set(
      (await scrape(marina)).split("\n").filter((line) => line.startsWith("# TYPE "))
        .flatMap((line) => {
          const [, , name, kind] = line.split(" ");
          return kind === "histogram"
            ? ["bucket", "count", "sum"].map((end) => `${name}_${end}`)
            : [name!];
        }),
    );
    const used = [...await readDashboardQueries(), ...await readAlertQueries()].flatMap(
      listMetrics,
    );
    ok(used.length > 30);
    deepStrictEqual(used.filter((name) => !names.has(name) && name !== "up"), []);
  });

  await t.step("a model that is unregistered takes its series with it", async () => {
    const url = `${marina.managementUrl}/models/identity`;
    const removed = await fetch(url, { method: "DELETE" });
    await removed.body?.cancel();
    strictEqual(removed.status, 200);
    const left = (await scrape(marina)).split("\n").filter((line) => line.includes("identity"));
    deepStrictEqual(left, []);
  });
});

Deno.test("metrics_config chooses the metrics, and a broken file stops the start (§5, §2 metrics_config)", async (t) => {
  await using store = await createModelStore({ reporting: { handler: REPORTING_HANDLER } });
  const file = join(store.dir, "metrics.yaml");
  const args = ["--model-store", store.dir, "--models", "reporting.mar"];
  const config = { metrics_mode: "prometheus", default_workers_per_model: 1, metrics_config: file };

  await t.step("what the file lists is recorded in its form, all else is not", async () => {
    await Deno.writeTextFile(file, METRICS_YAML);
    await using marina = await startMarina({ args, config });
    const metrics = ["Faces", "Unknown"].map((name) => ({ name, value: 3, kind: "side" }));
    strictEqual(await predict(marina, "reporting", { metrics }), 200);
    const text = await scrape(marina);
    strictEqual(
      valueOf(
        text,
        `Faces{Kind="side",ModelName="reporting",Level="Model",Hostname="${HOST}",}`,
      ),
      3,
    );
    strictEqual(valueOf(text, `QueueTime_count{Level="Host",Hostname="${HOST}",}`), 1);
    for (const name of ["Unknown", "Requests4XX", "CPUUtilization", "HandlerTime"]) {
      ok(!text.includes(name), name);
    }
  });

  await t.step("a file that cannot be used stops the start, with its line", async () => {
    await Deno.writeTextFile(file, "model_metrics:\n  gauge:\n    - unit: ms\n");
    const configFile = join(store.dir, "config.properties");
    await Deno.writeTextFile(
      configFile,
      Object.entries({
        ...config,
        inference_address: "http://127.0.0.1:0",
        management_address: "http://127.0.0.1:0",
        metrics_address: "http://127.0.0.1:0",
        disable_token_authorization: true,
      }).map(([key, value]) => `${key}=${value}\n`).join(""),
    );
    const { code, stdout, stderr } = await runMarina(
      ["serve", ...args, "--ts-config", configFile],
      { env: { LOG_LOCATION: join(store.dir, "logs") } },
    );
    strictEqual(code, 1);
    match(
      stdout + stderr,
      /Cannot start: setting "metrics_config" must name a file of metrics, metrics\.yaml is none: Cannot read metrics: a metric must have a name \(line 3\)/,
    );
  });
});

Deno.test("metrics_mode=log, the default, leaves /metrics empty and writes lines (T4, §5)", async () => {
  await using store = await createModelStore({ identity: IDENTITY });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "identity.mar"],
    config: { default_workers_per_model: 1 },
  });
  strictEqual(await predict(marina, "identity", [1, 2, 3]), 200);
  strictEqual(await scrape(marina), "");
  strictEqual(await marina.stop(), 0);
  const time = "\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d,\\d{3} - ";
  const server = await Deno.readTextFile(join(marina.logDir, "ts_metrics.log"));
  const host = `\\|#hostname:${HOST},timestamp:\\d{10}$`;
  const labels = "#model_name:identity,model_version:default";
  for (
    const line of [
      "Requests2XX\\.Count:1\\.0\\|#Level:Host",
      `ts_inference_requests_total\\.Count:1\\.0\\|${labels}`,
      `ts_inference_latency_microseconds\\.Microseconds:[\\d.E]+\\|${labels}`,
      `ts_queue_latency_microseconds\\.Microseconds:[\\d.E-]+\\|${labels}`,
      "QueueTime\\.Milliseconds:\\d+\\.0\\|#Level:Host",
      "WorkerThreadTime\\.Milliseconds:\\d+\\.0\\|#Level:Host",
      "WorkerLoadTime\\.Milliseconds:\\d+\\.0\\|#WorkerName:W-9000-identity_1\\.0,Level:Host",
      "CPUUtilization\\.Percent:[\\d.]+\\|#Level:Host",
      "DiskAvailable\\.Gigabytes:[\\d.]+\\|#Level:Host",
    ]
  ) match(server, new RegExp(`^${time}${line}${host}`, "m"));
  const model = await Deno.readTextFile(join(marina.logDir, "model_metrics.log"));
  for (const name of ["HandlerTime", "PredictionTime"]) {
    const line = `${name}\\.ms:\\d+\\.\\d+\\|#ModelName:identity,Level:Model\\|`;
    const rest = `#hostname:${HOST},requestID:[\\w-]{36},timestamp:\\d{10}$`;
    match(model, new RegExp(`^${time}${line}${rest}`, "m"));
  }
});

async function readDashboardQueries(): Promise<string[]> {
  const text = await Deno.readTextFile(new URL("deploy/grafana-dashboard.json", REPOSITORY));
  const dashboard: {
    readonly panels: readonly { readonly targets?: readonly { readonly expr: string }[] }[];
    readonly templating: { readonly list: readonly { readonly definition?: string }[] };
  } = JSON.parse(text);
  const variables = dashboard.templating.list.flatMap(({ definition }) => {
    const metric = /^label_values\((\w+),/.exec(definition ?? "")?.[1];
    return metric === undefined ? [] : [metric];
  });
  return [
    ...variables,
    ...dashboard.panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ];
}

async function readAlertQueries(): Promise<string[]> {
  const { groups }: {
    readonly groups: readonly { readonly rules: readonly { readonly expr: string }[] }[];
  } = parse(await Deno.readTextFile(new URL("deploy/alerts.yml", REPOSITORY)));
  return groups.flatMap(({ rules }) => rules.map(({ expr }) => expr));
}

/** The names in a query that are neither functions, nor labels, nor words of its language. */
function listMetrics(query: string): string[] {
  const bare = query.replace(/\{[^}]*\}|\[[^\]]*\]|"[^"]*"/g, " ")
    .replace(/\b(?:by|on)\s*\([^)]*\)/g, " ");
  return [...bare.matchAll(/[A-Za-z_]\w*(?!\w*\s*\()/g)].map(([name]) => name)
    .filter((name) => !["and", "or", "sum", "max"].includes(name));
}
