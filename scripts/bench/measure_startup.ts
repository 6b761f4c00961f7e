/** From the start of the process to the first answer of the digit model. */
import { archiveDigits, DIGIT_SEVEN_PATH } from "../digit_model.ts";
import { startMarina } from "../../tests/support/marina_process.ts";
import { type Figure, toMedian } from "./_report.ts";

const ROUNDS = 7;

export async function* measureStartup(storeDir: string): AsyncGenerator<Figure> {
  const fileName = await archiveDigits(storeDir);
  const image = await Deno.readFile(DIGIT_SEVEN_PATH);
  const elapsedMs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const startMs = performance.now();
    await using marina = await startMarina({
      args: ["--model-store", storeDir, "--models", `mnist=${fileName}`, "--disable-token-auth"],
    });
    const answer = await fetch(`${marina.inferenceUrl}/predictions/mnist`, {
      method: "POST",
      body: image,
    });
    const text = await answer.text();
    elapsedMs.push(performance.now() - startMs);
    if (!answer.ok) throw new Error(`Cannot measure the start: expected 200, received ${text}`);
  }
  yield {
    group: "start",
    name: `serve to the digit model's first answer, median of ${ROUNDS}`,
    value: toMedian(elapsedMs),
    unit: "ms",
    goal: { bound: "at most", value: 400 },
  };
}
