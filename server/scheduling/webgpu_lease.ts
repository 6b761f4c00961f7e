/**
 * The process-wide WebGPU context, which one worker thread at a time may hold.
 *
 * Two threads that run WebGPU sessions at the same time end the whole process with a segmentation
 * fault, so a worker that may come to use WebGPU asks here before it opens its session.
 *
 * @example The second worker waits until the first has chosen, and is then refused
 * ```ts
 * import { strictEqual } from "node:assert";
 * import { WebGpuLease } from "./webgpu_lease.ts";
 *
 * const lease = new WebGpuLease();
 * strictEqual(await lease.acquire("worker 9000"), true);
 * const second = lease.acquire("worker 9001");
 * lease.confirm("worker 9000");
 * strictEqual(await second, false);
 * ```
 */
export class WebGpuLease {
  #holder: string | undefined;
  #isConfirmed = false;
  #waiting: (() => void)[] = [];

  /** Waits while the holder has not chosen its provider yet; then true if `owner` holds it now. */
  async acquire(owner: string): Promise<boolean> {
    while (this.#holder !== undefined && !this.#isConfirmed) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    if (this.#holder !== undefined) return false;
    this.#holder = owner;
    return true;
  }

  /** The holder does use WebGPU and keeps it until `release()`. */
  confirm(owner: string): void {
    if (this.#holder !== owner) return;
    this.#isConfirmed = true;
    this.#wake();
  }

  /** Gives it back; nothing happens when `owner` does not hold it. */
  release(owner: string): void {
    if (this.#holder !== owner) return;
    this.#holder = undefined;
    this.#isConfirmed = false;
    this.#wake();
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
