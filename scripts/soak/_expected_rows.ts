/** What the ONNX model answers, computed here and not by the server: so that an answer can be somebody else's. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import { readFile } from "node:fs/promises";
import { createRandom } from "../../tests/support/random.ts";

const MODEL_URL = new URL("../../tests/testdata/bench/mlp.onnx", import.meta.url);
const FEATURES = 64;
const OUTPUTS = 10;
const ROWS = 256;
const SEED = 20;
/** Batches of other sizes may add in another order. */
const TOLERANCE = 1e-4;

/** One request to `mlp` and what it must be answered. */
export interface ExpectedRow {
  readonly input: Float32Array<ArrayBuffer>;
  readonly output: readonly number[];
}

/**
 * Runs 256 rows through the model, so that an answer that went to the wrong one of them is told by its numbers.
 *
 * @throws {Error} If two rows have the same answer within the tolerance: mix-ups would go unseen.
 */
export async function computeExpectedRows(): Promise<readonly ExpectedRow[]> {
  const random = createRandom(SEED);
  const inputs = Float32Array.from(
    { length: ROWS * FEATURES },
    () => random() * 2 - 1,
  );
  const session = await InferenceSession.create(await readFile(MODEL_URL), {
    intraOpNumThreads: 1,
  });
  const { y } = await session.run({ x: new Tensor("float32", inputs, [ROWS, FEATURES]) });
  const outputs = y!.data as Float32Array;
  const rows = Array.from({ length: ROWS }, (_, row) => ({
    input: inputs.slice(row * FEATURES, (row + 1) * FEATURES),
    output: [...outputs.slice(row * OUTPUTS, (row + 1) * OUTPUTS)],
  }));
  await session.release();
  const twin = rows.find((row, i) =>
    rows.slice(0, i).some(({ output }) => isSame(row.output, output))
  );
  if (twin !== undefined) throw new Error("Cannot tell answers apart: two rows have the same one");
  return rows;
}

/** True for the same probabilities within the tolerance. */
export function isSame(found: readonly number[], expected: readonly number[]): boolean {
  return found.length === expected.length &&
    found.every((value, i) => Math.abs(value - expected[i]!) <= TOLERANCE);
}
