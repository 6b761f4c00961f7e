/** {@linkcode runChildWorker} of `child_worker.ts`, which the server itself need not load. */
export async function runChildWorker(args: readonly string[]): Promise<number> {
  return await (await import("./child_worker.ts")).runChildWorker(args);
}
