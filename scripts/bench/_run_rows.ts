/** A model running alone, for the process and for the thread that measure it. */
import { InferenceSession, Tensor } from "onnxruntime-node";

export interface Task {
  readonly path: string;
  readonly shape: readonly number[];
  readonly milliseconds: number;
  /** Threads of one run. */
  readonly intraOpThreads: number;
}

export interface Tally {
  readonly rows: number;
  readonly elapsedMs: number;
}

/** Counts rows for a while, after a warm-up of a fifth of it. */
export async function runRows(task: Task): Promise<Tally> {
  const { path, shape, milliseconds, intraOpThreads } = task;
  const session = await InferenceSession.create(path, { intraOpNumThreads: intraOpThreads });
  const size = shape.reduce((product, length) => product * length, 1);
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i + 1));
  const feeds = { [session.inputNames[0]!]: new Tensor("float32", data, shape) };
  const warmUpEndMs = performance.now() + milliseconds / 5;
  while (performance.now() < warmUpEndMs) await session.run(feeds);
  const startMs = performance.now();
  let rows = 0;
  while (performance.now() < startMs + milliseconds) {
    await session.run(feeds);
    rows += shape[0]!;
  }
  const elapsedMs = performance.now() - startMs;
  await session.release();
  return { rows, elapsedMs };
}
