/** What a metric is: the form of one entry of `metrics.yaml`. */

export type MetricKind = "counter" | "gauge" | "histogram";

export interface MetricDefinition {
  /** As it stands in Prometheus's text: letters, digits, `_` and `:`. */
  readonly name: string;
  /** A word for people: `Count`, `ms`, `Percent`. */
  readonly unit: string;
  readonly kind: MetricKind;
  /** The names of its labels, in the order in which they are shown. */
  readonly dimensions: readonly string[];
}

/** The metrics that a server keeps; what is not listed is not recorded. */
export interface MetricDefinitions {
  /** What the server counts itself, in TorchServe's names. */
  readonly server: readonly MetricDefinition[];
  /** What handlers report, without the dimension `Hostname` that all of them get at their end. */
  readonly model: readonly MetricDefinition[];
}
