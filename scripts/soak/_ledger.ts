/** What became of every request of the soak: the books that have to balance. */

/** A finding that fails the soak. */
export class SoakFault extends Error {
  override readonly name = "SoakFault";

  constructor(
    /** `mixed_up`: somebody else's answer; `wrong`: none that its situation allows; `lost`: no answer at all. */
    readonly kind: "mixed_up" | "wrong" | "lost",
    message: string,
  ) {
    super(message);
  }
}

/** How a request ended: `"answered"`, `"left"` by our own doing, or the code of a failure that may be. */
export type Outcome = "answered" | "left" | `refused ${number}`;

/** One row of the report. */
export interface LedgerRow {
  readonly kind: string;
  readonly outcome: string;
  readonly count: number;
}

/** Texts of faults that are kept; their number is counted beyond that. */
const MAX_FAULT_TEXTS = 50;

/** Books of all requests; each is opened once and closed once. */
export class Ledger {
  readonly #counts = new Map<string, Map<string, number>>();
  readonly #faults: string[] = [];
  #faultCount = 0;
  #open = 0;
  #closed = 0;

  /** Requests that have not ended. */
  get open(): number {
    return this.#open;
  }

  /** Requests that have ended, however. */
  get closed(): number {
    return this.#closed;
  }

  get faultCount(): number {
    return this.#faultCount;
  }

  /** The first faults, with when they came. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** Requests by kind and outcome, in the order in which they first came. */
  get rows(): readonly LedgerRow[] {
    return [...this.#counts].flatMap(([kind, outcomes]) =>
      [...outcomes].map(([outcome, count]) => ({ kind, outcome, count }))
    );
  }

  /** Does the work of one request and books how it ended; whatever it throws is a fault. */
  async book(kind: string, work: () => Promise<Outcome>): Promise<void> {
    this.#open++;
    try {
      this.#count(kind, await work());
    } catch (error) {
      const faultKind = error instanceof SoakFault ? error.kind : "lost";
      this.#count(kind, faultKind);
      const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
      this.addFault(`${kind}: ${faultKind}: ${text}`);
    } finally {
      this.#open--;
      this.#closed++;
    }
  }

  /** Notes what is no request's fault: files that are left, workers that are missing. */
  addFault(text: string): void {
    this.#faultCount++;
    if (this.#faults.length < MAX_FAULT_TEXTS) {
      this.#faults.push(`${new Date().toISOString()} ${text}`);
    }
  }

  #count(kind: string, outcome: string): void {
    const outcomes = this.#counts.get(kind) ?? new Map<string, number>();
    this.#counts.set(kind, outcomes);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  }
}
