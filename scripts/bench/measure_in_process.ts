/** The ceiling: what the model gives when nothing serves it. */
import { BENCH_MODELS, type BenchModel } from "./_models.ts";
import { runScript } from "./_process.ts";
import type { Figure } from "./_report.ts";

/** Rows a second of one model at one batch size. */
export async function measureRows(
  model: BenchModel,
  options: { readonly batch: number; readonly threads: number; readonly seconds: number },
): Promise<number> {
  const output = await runScript("in_process.ts", [
    model.path,
    model.rowShape.join("x"),
    String(options.batch),
    String(options.threads),
    String(options.seconds),
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
