import type { SeriesReading } from "./prometheus_registry.ts";

/** What a registered version tells of itself. */
export interface ModelReading {
  readonly modelName: string;
  readonly modelVersion: string;
  readonly pendingRequests: number;
  readonly remainingCapacity: number;
  readonly workers: readonly { readonly id: string; readonly state: string }[];
  /** Copies of requests, for a version that is its model's shadow. */
  readonly shadow?: { readonly sent: number; readonly dropped: number; readonly failed: number };
}

/** States that are shown with 0 workers too: an alert needs a value to compare. */
const SHOWN_STATES = ["starting", "ready", "waiting", "failed"] as const;

/** Turns what the versions tell into series. */
export function readModelMetrics(models: readonly ModelReading[]): {
  readonly queueRequests: readonly SeriesReading[];
  readonly queueFree: readonly SeriesReading[];
  readonly workers: readonly SeriesReading[];
  readonly shadowRequests: readonly SeriesReading[];
} {
  const toSeries = (toValue: (model: ModelReading) => number): SeriesReading[] =>
    models.map((model) => ({
      labelValues: [model.modelName, model.modelVersion],
      value: toValue(model),
    }));
  return {
    queueRequests: toSeries((model) => model.pendingRequests),
    queueFree: toSeries((model) => model.remainingCapacity),
    workers: models.flatMap(({ modelName, modelVersion, workers }) =>
      [...countStates(workers)].map(([state, value]) => ({
        labelValues: [modelName, modelVersion, state],
        value,
      }))
    ),
    shadowRequests: models.flatMap(({ modelName, modelVersion, shadow }) =>
      Object.entries(shadow ?? {}).map(([outcome, value]) => ({
        labelValues: [modelName, modelVersion, outcome],
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
