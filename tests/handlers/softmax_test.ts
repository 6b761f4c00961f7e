import { deepStrictEqual, ok } from "node:assert/strict";
import { softmax } from "marina";

Deno.test("softmax() gives probabilities in the place of their scores", () => {
  const [a, b] = softmax([0, Math.log(3)]);
  ok(Math.abs(a! - 0.25) < 1e-7 && Math.abs(b! - 0.75) < 1e-7);
});

Deno.test("softmax() does not overflow on large scores", () => {
  deepStrictEqual([...softmax([-1e30, 1e30])], [0, 1]);
  deepStrictEqual(softmax([]).length, 0);
});
