import { Context } from "../../../handlers/mod.ts";

/**
 * A context that sends nothing once its batch is answered. A handler may have kept it, and the chunks that it
 * would send then would reach the clients of whichever batch runs by that time.
 */
export class BatchContext extends Context {
  #isAnswered = false;

  /** The handler has returned or thrown: its batch takes no more chunks. */
  close(): void {
    this.#isAnswered = true;
  }

  override async sendIntermediate(results: readonly unknown[]): Promise<void> {
    if (this.#isAnswered) {
      throw new TypeError(
        "Cannot send an intermediate answer: its batch is answered, await sendIntermediate() before handle() returns",
      );
    }
    await super.sendIntermediate(results);
  }
}
