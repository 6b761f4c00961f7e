/**
 * Gives each new worker its device, in turn over all models of the server.
 *
 * The counter moves before it is used, as upstream's does: with two devices the workers get 1, 0, 1, 0 ….
 * A model with `deviceIds` goes through its own list from the start; a list that names a device that is
 * not there is ignored.
 *
 * @example
 * ```ts
 * import { deepStrictEqual } from "node:assert";
 * import { GpuAssigner } from "./gpu_assigner.ts";
 *
 * const next = new GpuAssigner(2).assignTo({});
 * deepStrictEqual([next(), next(), next()], [1, 0, 1]);
 * deepStrictEqual(new GpuAssigner(0).assignTo({})(), null);
 * ```
 */
export class GpuAssigner {
  readonly #numberOfGpu: number;
  #counter = 0;

  /** @param numberOfGpu Devices that may be used, 0 or more. */
  constructor(numberOfGpu: number) {
    this.#numberOfGpu = numberOfGpu;
  }

  /** The function that gives one model's workers their devices; `null` is the CPU. */
  assignTo(
    model: { readonly deviceType?: "cpu" | "gpu"; readonly deviceIds?: readonly number[] },
  ): () => number | null {
    const count = this.#numberOfGpu;
    if (count === 0 || model.deviceType === "cpu") return () => null;
    const ids = model.deviceIds ?? [];
    if (ids.length > 0 && ids.every((id) => id < count)) {
      let next = 0;
      return () => ids[next++ % ids.length];
    }
    return () => ++this.#counter % count;
  }
}
