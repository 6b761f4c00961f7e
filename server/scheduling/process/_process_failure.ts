import type { WireFailure } from "../protocol.ts";

/** How an ended process is told to people; its last lines are for the log alone. */
export function describeEnd(status: Deno.CommandStatus, lastLines: readonly string[]): WireFailure {
  const message = status.signal === null
    ? `The worker's process ended with code ${status.code}`
    : `The worker's process was ended by ${status.signal}`;
  return lastLines.length === 0 ? { message } : { message, stack: lastLines.join("\n") };
}
