import type { WireFailure } from "../protocol.ts";

const BYTES_PER_MB = 1024 * 1024;

/** How an ended process is told to people; its last lines are for the log alone. */
export function describeEnd(status: Deno.CommandStatus, lastLines: readonly string[]): WireFailure {
  const message = status.signal === null
    ? `The worker's process ended with code ${status.code}`
    : `The worker's process was ended by ${status.signal}`;
  return lastLines.length === 0 ? { message } : { message, stack: lastLines.join("\n") };
}

/**
 * How it is told that a process had more memory than it may have.
 *
 * @param foundBytes Absent where the kernel has ended it, at the moment in which it asked for more.
 */
export function describeExcess(limitBytes: number, foundBytes?: number): WireFailure {
  const found = foundBytes === undefined ? "it asked for more" : `it had ${toMb(foundBytes)} MB`;
  return {
    message: `The worker's process was ended: memoryLimitMb allows ${
      toMb(limitBytes)
    } MB, ${found}`,
  };
}

function toMb(bytes: number): number {
  return Math.round(bytes / BYTES_PER_MB);
}
