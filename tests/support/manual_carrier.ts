import type {
  CarrierEvents,
  Isolation,
  StartCarrier,
  WorkerCarrier,
  WorkerProcess,
} from "../../server/scheduling/mod.ts";
import type {
  FromWorkerMessage,
  PredictMessage,
  ToWorkerMessage,
  WireAnswer,
  WireBatch,
} from "../../server/scheduling/protocol.ts";

/** A worker whose every word the test says: it shows that the scheduler needs nothing but the protocol. */
export class ManualWorker implements WorkerCarrier {
  readonly sent: ToWorkerMessage[] = [];
  readonly keptBytes: boolean[] = [];
  isTerminated = false;
  /** Set by tests in which it is a process. */
  process?: WorkerProcess;
  /** What it was to run in. */
  readonly isolation: Isolation | undefined;
  readonly #events: CarrierEvents;

  constructor(events: CarrierEvents, isolation?: Isolation) {
    this.#events = events;
    this.isolation = isolation;
  }

  post(message: ToWorkerMessage, options: { readonly keepsBytes?: boolean } = {}): void {
    this.sent.push(message);
    this.keptBytes.push(options.keepsBytes === true);
  }

  terminate(): void {
    this.isTerminated = true;
  }

  /** Every batch that it was given, in order. */
  get batches(): WireBatch[] {
    return this.sent.filter((message): message is PredictMessage => message.type === "predict")
      .flatMap((message) => message.batches);
  }

  get wasAskedToRelease(): boolean {
    return this.sent.some((message) => message.type === "release");
  }

  say(message: FromWorkerMessage): void {
    this.#events.onMessage(message);
  }

  sayLoaded(
    options: {
      readonly rowBytes?: number;
      readonly executionProvider?: string;
      readonly gpuId?: number;
    } = {},
  ): void {
    this.say({ type: "loaded", executionProvider: "cpu", gpuId: null, ...options });
  }

  /** Answers a batch with the request ids of its items, so that mixed-up answers show. */
  sayResult(batch: WireBatch, busyMs = 10): void {
    const answers = batch.items.map((item) => toAnswer(item.requestId));
    this.say({ type: "result", batchId: batch.id, busyMs, answers });
  }

  fail(message: string): void {
    this.#events.onFailure({ message });
  }
}

/** An answer whose body is `text`. */
export function toAnswer(text: string): WireAnswer {
  const headers = ["content-type", "text/plain"];
  return { status: 200, statusText: "", headers, body: new TextEncoder().encode(text) };
}

/** Starts manual workers and keeps them in the order of their start. */
export function createManualCarrier(): { workers: ManualWorker[]; startCarrier: StartCarrier } {
  const workers: ManualWorker[] = [];
  const startCarrier: StartCarrier = ({ isolation }, events) => {
    const worker = new ManualWorker(events, isolation);
    workers.push(worker);
    return worker;
  };
  return { workers, startCarrier };
}
