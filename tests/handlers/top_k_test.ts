import { deepStrictEqual, throws } from "node:assert/strict";
import fc from "fast-check";
import { topK } from "marina";

Deno.test("topK() ranks equal values by their place and not-a-number last", () => {
  deepStrictEqual(topK([1, NaN, 2, 1], 4).map(({ index }) => index), [2, 0, 3, 1]);
});

Deno.test("topK() gives every value when there are fewer than k", () => {
  deepStrictEqual(topK([5], 3), [{ index: 0, value: 5 }]);
  deepStrictEqual(topK([], 3), []);
});

Deno.test("topK() agrees with a full sort", () => {
  fc.assert(fc.property(fc.array(fc.integer()), fc.nat(9), (values, k) => {
    const sorted = [...values].sort((a, b) => b - a).slice(0, k);
    deepStrictEqual(topK(values, k).map(({ value }) => value), sorted);
  }));
});

Deno.test("topK() refuses a k that is no count", () => {
  throws(() => topK([1], -1), RangeError);
  throws(() => topK([1], 1.5), RangeError);
});
