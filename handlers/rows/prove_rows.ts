import type { ModelSession, Tensor } from "../tensor.ts";
import type { ModelSpec } from "./input_spec.ts";
import { allocateData } from "./tensor_data.ts";

/** Small numbers that no fixed dimension is likely to equal all of. */
const PROBE_ROWS = [1, 2, 5] as const;

/**
 * Tells whether requests may share a run, where the model's dimension names leave it open.
 *
 * Runs the model on 1, 2 and 5 rows of zeros: if every output has as many rows each time, its first axis counts
 * rows and not, say, the boxes that a detector found. A model with free dimensions beside the first is not tried
 * (its lengths would be guesses), nor is one that fails on zeros; both answer false, and requests run alone.
 *
 * Costs three runs at most, and none where `spec.joinability` is known.
 */
export async function proveRows(session: ModelSession, spec: ModelSpec): Promise<boolean> {
  if (spec.joinability !== "unknown") return spec.joinability === "yes";
  if (spec.inputs.some(({ rowElements }) => rowElements === null)) return false;
  try {
    for (const rows of PROBE_ROWS) {
      const feeds: Record<string, Tensor> = {};
      for (const { name, dtype, shape, rowElements } of spec.inputs) {
        feeds[name] = {
          dtype,
          shape: [rows, ...shape.slice(1) as number[]],
          data: allocateData(dtype, rows * rowElements!),
        };
      }
      const outputs = Object.values(await session.run(feeds));
      if (outputs.some(({ shape }) => shape[0] !== rows)) return false;
    }
    return true;
  } catch {
    return false;
  }
}
