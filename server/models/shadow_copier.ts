import type { Answer, PredictCall } from "../scheduling/mod.ts";

/** Copies that may wait or run at once; more are dropped, so that a slow shadow costs a bounded memory. */
const MAX_COPIES_IN_FLIGHT = 32;

/** Nobody waits for a copy, so nobody can go away. */
const NEVER_ABORTED = new AbortController().signal;

/** How many requests a shadow got, how many it missed, and how many of those it got it failed. */
export interface ShadowCounts {
  readonly sent: number;
  readonly dropped: number;
  readonly failed: number;
}

/** What a shadow runs on. */
export interface ShadowTarget {
  /** Workers that run or may come back by themselves. */
  readonly aliveWorkers: number;
  predict(call: PredictCall): Promise<Answer>;
}

/**
 * Sends copies of a model's requests to a version whose answers nobody sees.
 *
 * A copy never delays or fails the real answer: its bytes are copied before the real ones are moved to a
 * worker, and it is dropped while 32 copies wait or run, or the shadow has no worker.
 */
export class ShadowCopier<Target extends ShadowTarget> {
  readonly target: Target;
  #inFlight = 0;
  #sent = 0;
  #dropped = 0;
  #failed = 0;

  constructor(target: Target) {
    this.target = target;
  }

  get counts(): ShadowCounts {
    return { sent: this.#sent, dropped: this.#dropped, failed: this.#failed };
  }

  /**
   * Costs one copy of the request's bytes; call it before the request is sent on.
   *
   * @param chosen Where the request itself goes; a shadow that answers it needs no copy.
   */
  copy(call: PredictCall, chosen: Target): void {
    if (chosen === this.target) return;
    if (this.#inFlight >= MAX_COPIES_IN_FLIGHT || this.target.aliveWorkers === 0) {
      this.#dropped++;
      return;
    }
    this.#sent++;
    this.#inFlight++;
    this.target.predict(toCopy(call)).then(discard).catch(() => void this.#failed++)
      .finally(() => this.#inFlight--);
  }
}

function toCopy({ modelName, kind, requestId, parts, headers, urlPath }: PredictCall): PredictCall {
  return {
    modelName,
    kind,
    requestId,
    parts: parts.map((part) => ({ ...part, bytes: part.bytes.slice() })),
    headers,
    urlPath,
    signal: NEVER_ABORTED,
  };
}

async function discard({ body }: Answer): Promise<void> {
  if (body instanceof ReadableStream) await body.cancel();
}
