/** `marina worker`: what a server starts for each worker that has a process of its own. */
export { runChildWorker as runWorkerCommand } from "./scheduling/mod.ts";
