/** The thread's side of in_process.ts: one task in, one tally out. */
import { runRows, type Task } from "./_run_rows.ts";

const scope = self as unknown as {
  onmessage: (event: MessageEvent<Task>) => void;
  postMessage: (tally: unknown) => void;
};
scope.onmessage = async ({ data }) => scope.postMessage(await runRows(data));
