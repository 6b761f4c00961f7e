import type { GaugeReading } from "./prometheus_registry.ts";

/** What a registered version tells of itself. */
export interface ModelReading {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly pendingRequests: number;
  readonly remainingCapacity: number;
  readonly workers: readonly { readonly id: string; readonly state: string }[];
}

/** States that are shown with 0 workers too: an alert needs a value to compare. */
const SHOWN_STATES = ["starting", "ready", "waiting", "failed"] as const;

/** Turns what the versions tell into gauges. */
export function readModelGauges(models: readonly ModelReading[]): {
  readonly queueRequests: readonly GaugeReading[];
  readonly queueFree: readonly GaugeReading[];
  readonly workers: readonly GaugeReading[];
} {
  const toGauge = (toValue: (model: ModelReading) => number): GaugeReading[] =>
    models.map((model) => ({
      labelValues: [model.modelName, model.modelVersion],
      value: toValue(model),
    }));
  return {
    queueRequests: toGauge((model) => model.pendingRequests),
    queueFree: toGauge((model) => model.remainingCapacity),
    workers: models.flatMap(({ modelName, modelVersion, workers }) =>
      [...countStates(workers)].map(([state, value]) => ({
        labelValues: [modelName, modelVersion, state],
        value,
      }))
    ),
  };
}

function countStates(workers: ModelReading["workers"]): Map<string, number> {
  const counts = new Map<string, number>(SHOWN_STATES.map((state) => [state, 0]));
  for (const { state } of workers) counts.set(state, (counts.get(state) ?? 0) + 1);
  return counts;
}
