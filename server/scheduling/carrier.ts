import type { FromWorkerMessage, ToWorkerMessage, WireFailure } from "./protocol.ts";

/** How messages reach one worker and come back: a thread now, a process or a socket by the same four members. */
export interface WorkerCarrier {
  /**
   * Hands a message over.
   *
   * @param keepsBytes True when the sender goes on using the message's bytes: they are copied, not moved.
   */
  post(message: ToWorkerMessage, options?: { readonly keepsBytes?: boolean }): void;
  /**
   * Ends the worker at once, whatever it does; nothing comes from it afterwards.
   *
   * @param state `isReleased` is true when it has given its model back, or has ended by itself.
   */
  terminate(state: { readonly isReleased: boolean }): void;
}

/** What a carrier tells its owner. */
export interface CarrierEvents {
  onMessage(message: FromWorkerMessage): void;
  /** The worker is gone without a word of its own. */
  onFailure(failure: WireFailure): void;
}

export interface CarrierOptions {
  /** Named in the runtime's own messages. */
  readonly name: string;
  /** The one folder that the worker may read. */
  readonly modelDir: string;
}

export type StartCarrier = (options: CarrierOptions, events: CarrierEvents) => WorkerCarrier;
