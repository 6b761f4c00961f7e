import { deepStrictEqual, strictEqual } from "node:assert/strict";
import { LineBudget } from "../../../server/scheduling/line_budget.ts";

Deno.test("LineBudget has its lines anew a second after the first of them", () => {
  let nowMs = 0;
  const budget = new LineBudget({ maxLines: 2, now: () => nowMs });
  const take = () => [budget.take(), budget.take(), budget.take(), budget.take()];
  deepStrictEqual(take(), ["logged", "logged", "told", "left_out"]);
  strictEqual(budget.isSpent, true);
  nowMs = 999;
  strictEqual(budget.take(), "left_out");
  nowMs = 1_000;
  strictEqual(budget.isSpent, false);
  deepStrictEqual(take(), ["logged", "logged", "told", "left_out"]);
});
