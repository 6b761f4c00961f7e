/** What a native crash costs, request by request. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** Answers what it was asked, 20 ms a batch; never comes back from the batch with "crash". */
const FRAGILE = `
export async function handle(data) {
  if (data === null) return;
  const bodies = data.map((row) => String(row.body));
  if (bodies.includes("hold")) {
    console.log("holding");
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  if (bodies.includes("crash")) console.log("running: " + bodies.join());
  await new Promise((resolve) => setTimeout(resolve, 20));
  if (bodies.includes("crash")) for (;;);
  return bodies;
}
`;

const CLIENTS = 32;
const DIED = { code: 500, type: "InternalServerException", message: "Worker died." };
const hasProc = Deno.build.os === "linux";
const reason = hasProc ? "" : " (skipped: this system has no /proc)";

/** The runtime's own handler of SIGSEGV lets the fault happen again, which here the test has to do. */
async function crash(pid: number): Promise<void> {
  for (;;) {
    try {
      if (/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`))) return;
      Deno.kill(pid, "SIGSEGV");
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return;
      throw error;
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
}

Deno.test({
  name:
    `a worker killed by SIGSEGV under 32 connections fails the requests of the batch that it ran, and none that waited, came later or asked another model${reason}`,
  ignore: !hasProc,
  async fn() {
    const config = "minWorkers: 1\nmaxWorkers: 1\nisolation: process\nbatchSize: 4\n";
    await using store = await createModelStore({
      fragile: { handler: FRAGILE, config },
      calm: { handler: FRAGILE, config },
    });
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
    });
    const ask = async (model: string, body: string) => {
      const response = await fetch(`${marina.inferenceUrl}/predictions/${model}`, {
        method: "POST",
        headers: { "content-type": "text/plain" },
        body,
      });
      return { status: response.status, text: await response.text() };
    };
    const findPid = async (): Promise<number> => {
      const response = await fetch(`${marina.managementUrl}/models/fragile`);
      return (await response.json())[0].workers[0].pid;
    };
    strictEqual((await ask("fragile", "first")).status, 200);
    const pid = await findPid();

    const held = ask("fragile", "hold");
    await marina.waitForStderr(/"holding"/);
    // Sixteen connections each; those of the other model ask again and again.
    const bodies = Array.from(
      { length: CLIENTS / 2 - 1 },
      (_, n) => n === 5 ? "crash" : `request ${n}`,
    );
    const outcomes = bodies.map((body) => ask("fragile", body));
    let isOver = false;
    const others = Array.from({ length: CLIENTS / 2 }, async (_, n) => {
      while (!isOver) {
        deepStrictEqual(await ask("calm", `other ${n}`), { status: 200, text: `other ${n}` });
      }
    });
    const line = await marina.waitForStderr(/"running: /);
    const lost = /"running: ([^"]+)"/.exec(line)![1]!.split(",");
    ok(lost.length > 1, "the batch has one request only");
    await crash(pid);

    deepStrictEqual(await held, { status: 200, text: "hold" });
    for (const [n, { status, text }] of (await Promise.all(outcomes)).entries()) {
      if (lost.includes(bodies[n]!)) {
        deepStrictEqual([bodies[n], status, JSON.parse(text)], [bodies[n], 500, DIED]);
      } else deepStrictEqual({ status, text }, { status: 200, text: bodies[n] });
    }
    ok(await findPid() !== pid);
    const later = await Promise.all(bodies.map((_, n) => ask("fragile", `later ${n}`)));
    deepStrictEqual(later.map(({ text }) => text), bodies.map((_, n) => `later ${n}`));
    isOver = true;
    await Promise.all(others);
    match(await marina.waitForStderr(/"Worker failed"/), /was ended by SIGSEGV/);
  },
});
