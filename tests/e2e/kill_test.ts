import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import { NOOP_HANDLER } from "../support/management_client.ts";
import type { MarinaProcess } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { type DescribedState, describeState, ServerHome } from "./_server_home.ts";

const KILLS = 20;
/** The script has so many rounds' time to be killed in. */
const ROUNDS = 2;

/** A round: it ends as it begins, without a model. */
const SCRIPT = [
  "POST /models?url=noop.mar&initial_workers=0&batch_size=3&max_batch_delay=77&response_timeout=9",
  "POST /models?url=noop@2.mar&initial_workers=0",
  "PUT /models/noop/2.0?min_worker=1&max_worker=3&synchronous=true",
  "POST /models?url=noop.mar&model_name=renamed&initial_workers=0",
  "PUT /models/noop/2.0/set-default",
  'POST /models/noop/traffic {"weights":{"1.0":90,"2.0":10}}',
  "PUT /models/renamed?replace=true&url=noop@2.mar",
  "DELETE /models/renamed",
  "PUT /models/noop/1.0/set-default",
  "PUT /models/noop/1.0?min_worker=2&max_worker=2&synchronous=false",
  "DELETE /models/noop/traffic",
  'POST /models/noop/traffic {"weights":{"1.0":1},"shadow":"2.0"}',
  "PUT /models/noop/2.0?min_worker=0&max_worker=0&synchronous=true",
  "DELETE /models/noop/2.0",
  "DELETE /models/noop",
];

/** Makes one call of the script; throws a `TypeError` when the server is gone. */
async function call(marina: MarinaProcess, line: string): Promise<void> {
  const [, method, path, body] = /^(\S+) (\S+) ?(.*)$/.exec(line)!;
  const response = await fetch(marina.managementUrl + path, { method, body: body || undefined });
  const text = await response.text();
  ok(response.ok, `${line}: ${text}`);
}

/** Numbers from 0 up to 1 (mulberry32), the same for the same seed. */
function createRandom(seed: number): () => number {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let mixed = Math.imul(seed ^ (seed >>> 15), seed | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The states after none, one, two … calls, and how long start and script took. */
async function recordStates(home: ServerHome) {
  const beganAtMs = performance.now();
  await using marina = await home.start();
  const startMs = performance.now() - beganAtMs;
  const states = [await describeState(marina)];
  const scriptBeganAtMs = performance.now();
  for (const line of SCRIPT) {
    await call(marina, line);
    states.push(await describeState(marina));
  }
  const scriptMs = performance.now() - scriptBeganAtMs;
  deepStrictEqual(states.at(-1), {});
  strictEqual(await marina.stop(), 0);
  return { states, startMs, scriptMs };
}

/** What the client of the killed servers knows: how many calls were answered, and whether one was on its way. */
interface Progress {
  answered: number;
  isCalling: boolean;
}

/** Goes on with the script until the server is killed. */
async function runUntilKilled(marina: MarinaProcess, progress: Progress): Promise<void> {
  for (;;) {
    progress.isCalling = true;
    try {
      await call(marina, SCRIPT[progress.answered]!);
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      return;
    }
    progress.answered = (progress.answered + 1) % SCRIPT.length;
    progress.isCalling = false;
  }
}

/** Proves that the server has the state of the last answered call, or of the one that was on its way. */
function assertLastState(
  state: DescribedState,
  states: readonly DescribedState[],
  progress: Progress,
): void {
  if (progress.isCalling && !isDeepStrictEqual(state, states[progress.answered])) {
    progress.answered = (progress.answered + 1) % SCRIPT.length;
  }
  deepStrictEqual(state, states[progress.answered]);
  progress.isCalling = false;
}

const seed = Math.floor(Math.random() * 2 ** 32);

Deno.test(`serve gives the last state back after kill -9 at ${KILLS} random moments (§7; seed ${seed})`, async (t) => {
  // Nothing has to be bundled: registering a model takes milliseconds, however the program is run.
  const model = { handler: NOOP_HANDLER, handlerFile: "handler.js" };
  await using store = await createModelStore({
    noop: model,
    "noop@2": { ...model, version: "2.0" },
  });
  await using first = await ServerHome.create(store.dir);
  const { states, startMs, scriptMs } = await recordStates(first);
  await using home = await ServerHome.create(store.dir);
  const random = createRandom(seed);
  const progress: Progress = { answered: 0, isCalling: false };
  let checks = 0;

  for (let kill = 1; kill <= KILLS; kill++) {
    const killAfterMs = startMs / 2 + random() * (startMs / 2 + ROUNDS * scriptMs);
    await t.step(`kill ${kill}, ${killAfterMs.toFixed(1)} ms after the start`, async () => {
      const marina = await home.start([], killAfterMs).catch(() => undefined);
      if (marina === undefined) return;
      await using _ = marina;
      const state = await describeState(marina).catch((error: unknown) => {
        if (!(error instanceof TypeError)) throw error;
      });
      if (state === undefined) return;
      assertLastState(state, states, progress);
      checks++;
      await runUntilKilled(marina, progress);
      ok(await marina.waitForExit() !== 0);
    });
  }
  await using last = await home.start();
  assertLastState(await describeState(last), states, progress);
  ok(checks >= KILLS / 4, `only ${checks} of ${KILLS} servers were ready before they were killed`);
  strictEqual(await last.stop(), 0);
});
