/** The ceiling: what the model gives when nothing serves it. */
import { BENCH_MODELS, type BenchModel } from "./_models.ts";
import { runScript } from "./_process.ts";
import type { Figure } from "./_report.ts";

export interface MeasureRowsOptions {
  readonly batch: number;
  /** Sessions at the same time, each on a thread of its own. */
  readonly threads: number;
  readonly seconds: number;
  /** Threads of one session's run, 1 unless given. */
  readonly intraOpThreads?: number;
}

/** Rows a second of one model at one batch size. */
export async function measureRows(
  model: BenchModel,
  options: MeasureRowsOptions,
): Promise<number> {
  const output = await runScript("in_process.ts", [
    model.path,
    model.rowShape.join("x"),
    String(options.batch),
    String(options.threads),
    String(options.seconds),
    String(options.intraOpThreads ?? 1),
  ]);
  return Number(output);
}

export async function* measureInProcess(seconds: number): AsyncGenerator<Figure> {
  for (const model of BENCH_MODELS) {
    for (const threads of [1, 2]) {
      for (const batch of [1, 8, 32]) {
        yield {
          group: "in process",
          name: `${model.name}, batch ${batch}, ${threads} thread${threads === 1 ? "" : "s"}`,
          value: await measureRows(model, { batch, threads, seconds }),
          unit: "rows/s",
        };
      }
    }
  }
}
