import type { MetricDefinition } from "./metric_definition.ts";

/** One metric with one set of label values: opened once, then told each value. */
export interface MetricSeries {
  /**
   * Counters add the value, gauges become it, histograms count it. Runs on the hot path: it hashes and
   * allocates nothing where there is no line to write.
   *
   * @param requestIds For a log line: the requests that it belongs to, made when the line is.
   */
  record(value: number, requestIds?: () => string): void;
}

/** Whose series it is: it goes when its owner does. Absent parts do not count. */
export interface SeriesOwner {
  readonly modelName: string;
  readonly modelVersion?: string;
  readonly workerId?: string;
}

/** Where values go: to `/metrics`, or into a log. */
export interface MetricSink {
  /**
   * Changes whenever series were removed: who keeps series opens them anew then. One that is not opened
   * anew goes on taking values that nobody sees.
   */
  readonly generation: number;
  /**
   * Gives the series of these label values, in the order of the definition's dimensions.
   *
   * @returns `undefined` when it cannot be had: another metric has the name, or this one has too many.
   */
  openSeries(
    definition: MetricDefinition,
    labelValues: readonly string[],
    owner?: SeriesOwner,
  ): MetricSeries | undefined;
}

/** Takes the values of what is not kept. */
export const NO_SERIES: MetricSeries = { record() {} };
