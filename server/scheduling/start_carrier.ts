import type { StartCarrier } from "./carrier.ts";

/** What starts each kind of worker. */
export interface CarrierStarters {
  readonly thread: StartCarrier;
  readonly process: StartCarrier;
}

/** False where the runtime has no Unix sockets, over which a process is talked to. */
export function canIsolate(): boolean {
  return Deno.build.os !== "windows";
}

/** Chooses what a worker runs in, by what is asked of each. */
export function createCarrierStarter({ thread, process }: CarrierStarters): StartCarrier {
  return (options, events) => (options.isolation === "process" ? process : thread)(options, events);
}
