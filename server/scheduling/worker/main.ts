/** The entry of a worker that is a thread. */

import { type FromWorkerMessage, type ToWorkerMessage, transferablesOf } from "../protocol.ts";
import { WorkerCore } from "./worker_core.ts";

/** What this file uses of the thread's global scope. */
interface ThreadScope {
  postMessage(message: FromWorkerMessage, transfer: ArrayBuffer[]): void;
  onmessage: ((event: MessageEvent<ToWorkerMessage>) => void) | null;
}

const scope = self as unknown as ThreadScope;
const postMessage = scope.postMessage.bind(scope);
const core = new WorkerCore((message) => postMessage(message, transferablesOf(message)));
scope.onmessage = ({ data }) => core.receive(data);
