import type { PoolEvents } from "./scheduling/mod.ts";

/**
 * One listener to a pool's events out of several, each told in turn: logs, metrics, traces.
 *
 * An event that none of them listens to costs an empty call.
 */
export function combineEvents(...all: readonly PoolEvents[]): Required<PoolEvents> {
  return {
    onRequest: tellEach(all, "onRequest"),
    onWorkerReady: tellEach(all, "onWorkerReady"),
    onWorkerFailure: tellEach(all, "onWorkerFailure"),
    onWorkerRetry: tellEach(all, "onWorkerRetry"),
    onWorkerRecovered: tellEach(all, "onWorkerRecovered"),
    onWorkerGivenUp: tellEach(all, "onWorkerGivenUp"),
    onScaling: tellEach(all, "onScaling"),
    onWorkerLog: tellEach(all, "onWorkerLog"),
    onBatchDone: tellEach(all, "onBatchDone"),
    onBatchLost: tellEach(all, "onBatchLost"),
  };
}

type Arguments<Name extends keyof PoolEvents> = Parameters<NonNullable<PoolEvents[Name]>>;

function tellEach<Name extends keyof PoolEvents>(
  all: readonly PoolEvents[],
  name: Name,
): (...values: Arguments<Name>) => void {
  const listeners = all.filter((events) => events[name] !== undefined);
  return (...values) => {
    for (const events of listeners) {
      const tell = events[name] as (this: PoolEvents, ...values: Arguments<Name>) => void;
      tell.apply(events, values);
    }
  };
}
