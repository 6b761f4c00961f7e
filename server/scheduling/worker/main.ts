/**
 * The worker's entry: one model, one handler, and the owner of its sessions.
 *
 * It speaks `../protocol.ts` with the scheduler. Batches stand in an inbox and are run one after the
 * other, in the order in which they came.
 */

import type { Context } from "../../../handlers/mod.ts";
import {
  type FromWorkerMessage,
  type LoadFailedMessage,
  type LoadMessage,
  type LogMessage,
  type ToWorkerMessage,
  transferablesOf,
  type WireBatch,
} from "../protocol.ts";
import { relayConsole } from "./console_relay.ts";
import { describeError, isOutOfMemory } from "./describe_error.ts";
import { DeviceTakenError } from "./execution_provider.ts";
import { type LoadedWorker, loadWorker } from "./load_worker.ts";
import { createTooLargeText, encodeResults, runBatch } from "./run_batch.ts";
import type { SessionOwner } from "./session_owner.ts";
import { WarmupError } from "./warm_up.ts";

/** What this file uses of the thread's global scope. */
interface ThreadScope {
  postMessage(message: FromWorkerMessage, transfer: ArrayBuffer[]): void;
  onmessage: ((event: MessageEvent<ToWorkerMessage>) => void) | null;
}

const scope = self as unknown as ThreadScope;
const postMessage = scope.postMessage.bind(scope);

let modelDir = "";
let loaded: LoadedWorker | undefined;
let owner: SessionOwner | undefined;
/** Settled once the runtime is there, or the load has failed. */
const ownerKnown = Promise.withResolvers<void>();
let isLoading = false;
const inbox: WireBatch[] = [];
let isRunning = false;
let isReleasing = false;
/** The batch that the handler is at, for chunks that it sends ahead. */
let current: { readonly batch: WireBatch; readonly context: Context } | undefined;

function send(message: FromWorkerMessage): void {
  postMessage(message, transferablesOf(message));
}

/** Says with it which requests were being answered. */
function sendLog(message: LogMessage): void {
  const requestIds = current?.batch.items.map(({ requestId }) => requestId);
  send(requestIds === undefined ? message : { ...message, requestIds });
}

function warn(message: string): void {
  sendLog({ type: "log", source: "worker", level: "warning", message });
}

async function load(message: LoadMessage): Promise<void> {
  modelDir = message.modelDir;
  isLoading = true;
  try {
    loaded = await loadWorker(message, {
      onOwner: (sessionOwner) => {
        owner = sessionOwner;
        ownerKnown.resolve();
      },
      onExit: (what) => {
        send({ type: "died", failure: { message: `The handler ended its worker with ${what}` } });
      },
      onWarning: warn,
      sendIntermediate,
    });
    send(loaded.message);
  } catch (error) {
    ownerKnown.resolve();
    send({ type: "load_failed", ...describeLoadFailure(error) });
  }
}

function describeLoadFailure(error: unknown): Omit<LoadFailedMessage, "type"> {
  if (error instanceof WarmupError) {
    return { failure: error.failure, isOutOfMemory: error.isOutOfMemory };
  }
  return {
    failure: describeError(error, modelDir),
    isOutOfMemory: isOutOfMemory(error),
    isPermanent: error instanceof DeviceTakenError,
  };
}

function sendIntermediate(results: readonly unknown[]): void {
  if (current === undefined) return;
  const { batch, context } = current;
  const maxBytes = loaded?.rules.maxResponseBytes ?? Infinity;
  const chunks = encodeResults(results, context);
  for (const { body } of chunks) {
    if (body.byteLength > maxBytes) {
      throw new RangeError(createTooLargeText(body.byteLength, maxBytes));
    }
  }
  chunks.forEach((chunk, index) => {
    send({ type: "chunk", batchId: batch.id, index, chunk });
  });
}

async function runInbox(): Promise<void> {
  if (isRunning || loaded === undefined) return;
  isRunning = true;
  const { entry, model, rules } = loaded;
  while (inbox.length > 0 && !isReleasing) {
    const batch = inbox.shift()!;
    const startedAtMs = performance.now();
    const outcome = await runBatch(
      batch,
      entry,
      model,
      (context) => {
        current = { batch, context };
      },
      warn,
      rules,
    );
    current = undefined;
    const busyMs = performance.now() - startedAtMs;
    send({ type: "result", batchId: batch.id, busyMs, ...outcome });
  }
  isRunning = false;
}

/** Gives every session back; after this the thread may be ended without losing memory. */
async function release(): Promise<void> {
  isReleasing = true;
  try {
    await loaded?.entry.release?.();
  } catch (error) {
    warn(`Cannot release the handler: ${describeError(error, modelDir).message}`);
  }
  if (isLoading) await ownerKnown.promise;
  await owner?.release();
  send({ type: "released" });
}

/** Something was thrown where nobody catches it: the handler's state is unknown from here on. */
function die(event: Event, error: unknown): void {
  event.preventDefault();
  if (error instanceof Error && error.name === "WorkerExit") return;
  send({ type: "died", failure: describeError(error, modelDir) });
}

relayConsole(sendLog);
self.addEventListener("error", (event) => die(event, event.error ?? event.message));
self.addEventListener("unhandledrejection", (event) => die(event, event.reason));
scope.onmessage = ({ data: message }) => {
  switch (message.type) {
    case "load":
      return void load(message);
    case "predict":
      for (const batch of message.batches) inbox.push(batch);
      return void runInbox();
    case "release":
      return void release();
  }
};
