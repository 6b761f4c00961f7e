import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { DigitHandler } from "../../examples/mnist/handler.ts";
import { startHandler, testdata } from "../support/started_handler.ts";

interface DigitAnswer {
  readonly digit: number;
  readonly probabilities: readonly number[];
}

const FOLDER = new URL("../../examples/mnist/", import.meta.url);
const MODEL = new URL("mnist.onnx", FOLDER).pathname;
const EXPECTED: Record<string, { probabilities: number[] }> = JSON.parse(
  await Deno.readTextFile(new URL("expected.json", FOLDER)),
);
const readDigit = (digit: number) => Deno.readFile(new URL(`digits/${digit}.png`, FOLDER));

function assertAnswers(answers: readonly unknown[]): void {
  answers.forEach((answer, digit) => {
    const { digit: found, probabilities } = answer as DigitAnswer;
    strictEqual(found, digit);
    strictEqual(probabilities.length, 10);
    EXPECTED[`${digit}.png`]!.probabilities.forEach((value, i) =>
      ok(Math.abs(value - probabilities[i]!) < 1e-4, `digit ${digit}, class ${i}`)
    );
  });
}

Deno.test("The digit example reads the digits 0 to 9 in one batch and alone (tolerance 1e-4)", async () => {
  await using handler = await startHandler(DigitHandler, MODEL, { batchSize: 10 });
  const digits = await Promise.all(Array.from({ length: 10 }, (_, digit) => readDigit(digit)));
  assertAnswers((await handler.predict(digits.map((body) => ({ body })))).answers);
  assertAnswers(await Promise.all(digits.map((body) => handler.ask(body))));
});

Deno.test("The digit example answers 400 to another size and to text, and reads the other digits", async () => {
  await using handler = await startHandler(DigitHandler, MODEL);
  const { answers, statuses } = await handler.predict([
    { body: await Deno.readFile(testdata("image-classifier/small_90x60.png")) },
    { body: await readDigit(7) },
    { body: "7" },
  ]);
  deepStrictEqual(statuses, [400, 200, 400]);
  strictEqual((answers[1] as DigitAnswer).digit, 7);
});
