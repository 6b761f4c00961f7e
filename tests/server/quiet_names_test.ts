import { deepStrictEqual } from "node:assert/strict";
import { QuietNames } from "../../server/_quiet_names.ts";
import { ManualClock } from "../support/manual_clock.ts";

function createNames() {
  const clock = new ManualClock();
  const quiet: string[] = [];
  const names = new QuietNames({
    quietMs: 300,
    schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
    onQuiet: (name) => quiet.push(name),
  });
  return { clock, quiet, names };
}

Deno.test("QuietNames tells a name once, 300 ms after it was last touched, whatever happens to others", async () => {
  const { clock, quiet, names } = createNames();
  names.touch("a");
  for (let i = 0; i < 5; i++) {
    names.touch("b");
    await clock.advance(299);
    deepStrictEqual(quiet, i === 0 ? [] : ["a"]);
  }
  await clock.advance(1);
  deepStrictEqual(quiet, ["a", "b"]);
  await clock.advance(1_000);
  names.touch("a");
  await clock.advance(300);
  deepStrictEqual(quiet, ["a", "b", "a"]);
});

Deno.test("QuietNames.clear() forgets what is not quiet yet", async () => {
  const { clock, quiet, names } = createNames();
  names.touch("a");
  names.clear();
  await clock.advance(1_000);
  deepStrictEqual([quiet, clock.pendingDelaysMs], [[], []]);
});
