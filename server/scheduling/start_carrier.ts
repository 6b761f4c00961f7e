import type { StartCarrier } from "./carrier.ts";

/** What starts each kind of worker. */
export interface CarrierStarters {
  readonly thread: StartCarrier;
  readonly process: StartCarrier;
}

/** Chooses what a worker runs in, by what is asked of each. */
export function createCarrierStarter({ thread, process }: CarrierStarters): StartCarrier {
  return (options, events) => (options.isolation === "process" ? process : thread)(options, events);
}
