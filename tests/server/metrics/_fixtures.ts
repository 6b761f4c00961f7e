/** What the tests of metrics share: a server's metrics in one mode, and events to tell them. */
import {
  type MetricDefinitions,
  type ModelReading,
  ServerMetrics,
} from "../../../server/metrics/mod.ts";
import { BUILT_IN_DEFINITIONS } from "../../../server/metrics/built_in_definitions.ts";
import type {
  BatchReport,
  PredictCall,
  WorkerDescription,
} from "../../../server/scheduling/mod.ts";
import { ManualClock } from "../../support/manual_clock.ts";

export interface StartedMetrics {
  readonly metrics: ServerMetrics;
  readonly clock: ManualClock;
  /** `ts_metrics: line` and `model_metrics: line`. */
  readonly lines: string[];
  readonly warnings: string[];
  /** What is registered, for the test to change. */
  readonly models: ModelReading[];
  /** The lines of `/metrics` that begin so. */
  show(prefix: string): Promise<string[]>;
}

export function startMetrics(options: {
  readonly mode: "log" | "prometheus" | "legacy";
  readonly definitions?: MetricDefinitions;
  readonly isAutoDetectEnabled?: boolean;
}): StartedMetrics {
  const clock = new ManualClock();
  const lines: string[] = [];
  const warnings: string[] = [];
  const models: ModelReading[] = [toReading("m", "1.0", ["9000"])];
  const metrics = new ServerMetrics({
    config: {
      mode: options.mode,
      isAutoDetectEnabled: options.isAutoDetectEnabled ?? false,
      isSystemEnabled: false,
      systemIntervalMs: 60_000,
    },
    definitions: options.definitions ?? BUILT_IN_DEFINITIONS,
    hostname: "vm",
    clock,
    writeLine: (file, line) => lines.push(`${file}: ${line}`),
    hasGpus: false,
    readModels: () => models,
    onWarning: (text) => warnings.push(text),
  });
  const show = async (prefix: string) =>
    (await metrics.readText()).split("\n").filter((line) => line.startsWith(prefix));
  return { metrics, clock, lines, warnings, models, show };
}

export function toReading(
  modelName: string,
  modelVersion: string,
  workerIds: readonly string[] = [],
): ModelReading {
  const workers = workerIds.map((id) => ({ id, state: "ready" }));
  return { modelName, modelVersion, pendingRequests: 3, remainingCapacity: 97, workers };
}

export const WORKER: WorkerDescription = {
  id: "9000",
  startedAtMs: 0,
  state: "ready",
  gpuId: null,
  executionProvider: "cpu",
};

export function toCall(requestId: string, options: Partial<PredictCall> = {}): PredictCall {
  return {
    modelName: "m",
    servedVersion: "1.0",
    kind: "predict",
    requestId,
    parts: [],
    headers: [],
    urlPath: "",
    signal: new AbortController().signal,
    ...options,
  };
}

/** A batch of one request that waited 2 ms, ran 10 ms in its worker and was back after 13. */
export function toReport(options: {
  readonly calls?: readonly PredictCall[];
  readonly result?: Partial<BatchReport["result"]>;
  readonly sentAtMs?: number;
  readonly enqueuedAtMs?: number;
  readonly doneAtMs?: number;
} = {}): BatchReport {
  const { calls = [toCall("a")], enqueuedAtMs = 1_000, sentAtMs = 1_002, doneAtMs = 1_013 } =
    options;
  const answer = {
    status: 200,
    statusText: "",
    headers: [],
    body: new Uint8Array(0),
  };
  return {
    requests: calls.map((call) => ({ call, rows: 2, enqueuedAtMs })),
    closedBy: "full",
    sentAtMs,
    doneAtMs,
    result: {
      type: "result",
      batchId: 0,
      busyMs: 10,
      answers: calls.map(() => answer),
      ...options.result,
    },
  };
}
