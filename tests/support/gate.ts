/** A place where a handler waits until the test lets it go on: order without sleeping. */
import type { MarinaProcess } from "./marina_process.ts";

/**
 * Text of a function for a `handler.ts`: `await waitAtGate(context)` returns once the gate of its model is
 * open, and at once ever after.
 */
export const WAIT_AT_GATE = `
async function waitAtGate(context) {
  const path = context.systemProperties.modelDir + "/gate-is-open";
  console.log("At the gate of " + context.modelName + ": " + path);
  for (;;) {
    try {
      return await Deno.stat(path);
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}
`;

/**
 * A text handler: `wait` stops it at the gate. Answers the text, how many requests shared the batch, and
 * every text that the worker has ever seen.
 */
export const GATED_HANDLER = `
${WAIT_AT_GATE}
const seen = [];

export async function handle(rows, context) {
  if (rows === null) return;
  const texts = rows.map((row) => row.body);
  seen.push(...texts);
  if (texts.includes("wait")) await waitAtGate(context);
  return texts.map((text) => ({ text, batch: rows.length, seen }));
}
`;

/** What {@linkcode GATED_HANDLER} answers. */
export interface GatedAnswer {
  readonly text: string;
  readonly batch: number;
  readonly seen: readonly string[];
}

/** Answers once a handler of this model has come to its gate, with the function that opens it. */
export async function waitForGate(
  marina: MarinaProcess,
  modelName: string,
): Promise<() => Promise<void>> {
  const line = await marina.waitForStderr(new RegExp(`At the gate of ${modelName}: `));
  const path = /At the gate of [^:]+: ([^"]+)/.exec(line)![1]!;
  return () => Deno.writeTextFile(path, "");
}

const PENDING_DEADLINE_MS = 20_000;

/** Answers once so many requests wait in the queue of this model; throws when that takes too long. */
export async function waitForPending(
  managementUrl: string,
  modelName: string,
  count: number,
): Promise<void> {
  const endsAtMs = performance.now() + PENDING_DEADLINE_MS;
  for (;;) {
    const response = await fetch(`${managementUrl}/models/${modelName}`);
    const pending: number = (await response.json())[0].jobQueueStatus.pendingRequests;
    if (pending === count) return;
    if (performance.now() > endsAtMs) {
      throw new Error(
        `Expected ${count} requests in the queue of "${modelName}", found ${pending}`,
      );
    }
  }
}
