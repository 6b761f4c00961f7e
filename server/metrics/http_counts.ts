import type { MetricSeries } from "./metric_series.ts";

/** What is counted of one request and its answer. */
export interface AnsweredExchange {
  readonly status: number;
  /** Absent from the bare 413 alone. */
  readonly requestId: string | undefined;
}

/** Upstream's counters of answers. */
export type HttpCountName = "Requests2XX" | "Requests4XX" | "Requests5XX";

/**
 * Counts what the HTTP ports answer, by its status's class.
 *
 * | status | counter |
 * | --- | --- |
 * | 200–299 | `Requests2XX` |
 * | 400–499 | `Requests4XX`; the server's own 413, for a body that is too large, counts nowhere |
 * | any other | `Requests5XX` |
 *
 * The classes and the exception are TorchServe's.
 */
export class HttpCounts {
  readonly #succeeded: MetricSeries;
  readonly #refused: MetricSeries;
  readonly #others: MetricSeries;

  constructor(open: (name: HttpCountName) => MetricSeries) {
    this.#succeeded = open("Requests2XX");
    this.#refused = open("Requests4XX");
    this.#others = open("Requests5XX");
  }

  onAnswered(exchange: AnsweredExchange): void {
    const { status } = exchange;
    if (status >= 200 && status < 300) this.#succeeded.record(1);
    else if (status < 400 || status >= 500) this.#others.record(1);
    else if (status !== 413 || exchange.requestId !== undefined) this.#refused.record(1);
  }
}
