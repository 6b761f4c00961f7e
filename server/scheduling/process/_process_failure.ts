import type { WireFailure } from "../protocol.ts";

const BYTES_PER_MB = 1024 * 1024;

/** V8's own last words. */
const HEAP_FULL_REGEXP = /JavaScript (?:heap )?out of memory/;

/**
 * How an ended process is told to people; its last lines are for the log alone.
 *
 * @param limitBytes What it was allowed to have; absent: no limit.
 */
export function describeEnd(
  status: Deno.CommandStatus,
  lastLines: readonly string[],
  limitBytes?: number,
): WireFailure {
  const how = status.signal === null
    ? `ended with code ${status.code}`
    : `was ended by ${status.signal}`;
  const isHeapFull = lastLines.some((line) => HEAP_FULL_REGEXP.test(line));
  const allowed = limitBytes === undefined
    ? ""
    : `, of which memoryLimitMb allows ${toMb(limitBytes)} MB`;
  const message = `The worker's process ${how}` +
    (isHeapFull ? `: JavaScript had no more memory${allowed}` : "");
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
