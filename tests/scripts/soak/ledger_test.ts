import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { Ledger, SoakFault } from "../../../scripts/soak/_ledger.ts";

Deno.test("Ledger counts each request once, by how it ended", async () => {
  const ledger = new Ledger();
  const gate = Promise.withResolvers<void>();
  const booked = ledger.book("slow", async () => {
    await gate.promise;
    return "answered";
  });
  await ledger.book("echo", () => Promise.resolve("answered"));
  await ledger.book("echo", () => Promise.resolve("refused 503"));
  deepStrictEqual([ledger.open, ledger.closed, ledger.faultCount], [1, 2, 0]);
  gate.resolve();
  await booked;
  deepStrictEqual([ledger.open, ledger.closed], [0, 3]);
  deepStrictEqual(ledger.rows, [
    { kind: "echo", outcome: "answered", count: 1 },
    { kind: "echo", outcome: "refused 503", count: 1 },
    { kind: "slow", outcome: "answered", count: 1 },
  ]);
});

Deno.test("Ledger takes a wrong answer and a connection that broke for faults, and says which", async () => {
  const ledger = new Ledger();
  await ledger.book("echo", () => Promise.reject(new SoakFault("mixed_up", "asked 1, got 2")));
  await ledger.book("echo", () => Promise.reject(new Deno.errors.ConnectionReset("gone")));
  deepStrictEqual(ledger.rows.map(({ outcome }) => outcome), ["mixed_up", "lost"]);
  strictEqual(ledger.faultCount, 2);
  match(ledger.faults[0]!, /echo: mixed_up: SoakFault: asked 1, got 2$/);
  match(ledger.faults[1]!, /echo: lost: ConnectionReset: gone$/);
});
