/**
 * Runs a model without any server; prints its rows a second.
 *
 * `deno run -A in_process.ts MODEL ROW_SHAPE BATCH THREADS SECONDS INTRA_OP_THREADS`: each thread is a Worker
 * with a session of its own; with one intra-op thread each, they are as Marina's workers are.
 */
import { runRows, type Tally, type Task } from "./_run_rows.ts";

const [path, rowShape, batch, threads, seconds, intraOpThreads] = Deno.args;
const task: Task = {
  path: path!,
  shape: [Number(batch), ...rowShape!.split("x").map(Number)],
  milliseconds: Number(seconds) * 1000,
  intraOpThreads: Number(intraOpThreads),
};
const tallies = Number(threads) === 1
  ? [await runRows(task)]
  : await Promise.all(Array.from({ length: Number(threads) }, runInWorker));
const perSecond = tallies.reduce((sum, { rows, elapsedMs }) => sum + rows / elapsedMs * 1000, 0);
await Deno.stdout.write(new TextEncoder().encode(`${perSecond}\n`));

function runInWorker(): Promise<Tally> {
  const worker = new Worker(new URL("./in_process_worker.ts", import.meta.url), { type: "module" });
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => {
      worker.terminate();
      resolve(data);
    };
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(task);
  });
}
