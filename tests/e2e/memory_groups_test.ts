import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { openOwnControlGroup } from "../support/control_group.ts";
import { runMarina, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** Takes a gigabyte in one go, faster than anybody can look. */
const GULP = `
const kept = [];

export function handle(data) {
  if (data === null) return;
  const mood = String(data[0].body);
  if (mood === "gulp") kept.push(new Uint8Array(1024 * 1024 * 1024).fill(1));
  return [mood];
}
`;

const DIED = { code: 500, type: "InternalServerException", message: "Worker died." };
const PROCESS = "minWorkers: 1\nmaxWorkers: 1\nisolation: process\n";

const canOwnGroups = await (async () => {
  await using group = await openOwnControlGroup();
  return group !== undefined;
})();
const ignore = !canOwnGroups;
const reason = ignore ? " (skipped: no control group that limits memory can be had here)" : "";

function listWorkerGroups(dir: string): string[] {
  return [...Deno.readDirSync(dir)].map(({ name }) => name).filter((name) =>
    name.startsWith("marina-worker-")
  );
}

function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

async function openGreedy() {
  const group = (await openOwnControlGroup())!;
  const store = await createModelStore({
    greedy: { handler: GULP, config: `${PROCESS}memoryLimitMb: 300\n` },
    free: { handler: GULP, config: PROCESS },
  });
  const start = () =>
    startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
      command: group.command,
    });
  return {
    group,
    start,
    async [Symbol.asyncDispose]() {
      await store[Symbol.asyncDispose]();
      await group[Symbol.asyncDispose]();
    },
  };
}

async function ask(url: string, model: string, mood: string): Promise<Response> {
  return await fetch(`${url}/predictions/${model}`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: mood,
  });
}

Deno.test({
  name:
    `memoryLimitMb is held by the kernel where control groups may be made: 1 GB in one go costs its batch a 500, says why, and its group is gone with it${reason}`,
  ignore,
  async fn() {
    await using greedy = await openGreedy();
    const { dir } = greedy.group;
    {
      await using marina = await greedy.start();
      const { inferenceUrl } = marina;
      strictEqual(await (await ask(inferenceUrl, "greedy", "hello")).text(), "hello");
      await marina.waitForStderr(/Control groups limit the memory/);
      const groups = listWorkerGroups(dir);
      strictEqual(groups.length, 1);
      const pids = Deno.readTextFileSync(join(dir, groups[0]!, "cgroup.procs")).trim().split("\n");
      const [described] = await (await fetch(`${marina.managementUrl}/models/greedy`)).json();
      deepStrictEqual(pids, [String(described.workers[0].pid)]);
      const response = await ask(inferenceUrl, "greedy", "gulp");
      deepStrictEqual([response.status, await response.json()], [500, DIED]);
      match(
        await marina.waitForStderr(/"Worker failed"/),
        /memoryLimitMb allows 300 MB, it asked for more/,
      );
      strictEqual(await (await ask(inferenceUrl, "greedy", "again")).text(), "again");
      strictEqual(await (await ask(inferenceUrl, "free", "hello")).text(), "hello");
      while (listWorkerGroups(dir).includes(groups[0]!)) {
        await new Promise((resolve) => setTimeout(resolve));
      }
      strictEqual(listWorkerGroups(dir).length, 1);
      strictEqual(await marina.stop(), 0);
    }
    deepStrictEqual(listWorkerGroups(dir), []);
  },
});

Deno.test({
  name:
    `groups that a killed server has left are removed by the next one, and a living one's stay${reason}`,
  ignore,
  async fn() {
    await using greedy = await openGreedy();
    const { dir } = greedy.group;
    const killed = await greedy.start();
    await (await ask(killed.inferenceUrl, "greedy", "hello")).text();
    const [left] = listWorkerGroups(dir);
    const procs = join(dir, left!, "cgroup.procs");
    const [described] = await (await fetch(`${killed.managementUrl}/models/greedy`)).json();
    await killed.stop("SIGKILL");
    while (isRunning(described.workers[0].pid) || Deno.readTextFileSync(procs) !== "") {
      await new Promise((resolve) => setTimeout(resolve));
    }
    await using living = await greedy.start();
    await (await ask(living.inferenceUrl, "greedy", "hello")).text();
    const [own] = listWorkerGroups(dir);
    ok(own !== undefined && own !== left);
    {
      await using next = await greedy.start();
      await (await ask(next.inferenceUrl, "greedy", "hello")).text();
      strictEqual(listWorkerGroups(dir).length, 2);
      ok(listWorkerGroups(dir).includes(own));
    }
    deepStrictEqual(listWorkerGroups(dir), [own]);
    await killed[Symbol.asyncDispose]();
  },
});

Deno.test({
  name: `a memoryLimitMb beyond all memory is one all the same, without a warning${reason}`,
  ignore,
  async fn() {
    await using group = (await openOwnControlGroup())!;
    await using store = await createModelStore({
      vast: { handler: GULP, config: `${PROCESS}memoryLimitMb: ${Number.MAX_SAFE_INTEGER}\n` },
    });
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--models", "all"],
      command: group.command,
    });
    strictEqual(await (await ask(marina.inferenceUrl, "vast", "hello")).text(), "hello");
    strictEqual(listWorkerGroups(group.dir).length, 1);
    deepStrictEqual(marina.stderrLines.filter((line) => line.includes("Cannot limit")), []);
  },
});

Deno.test("doctor says who holds processes to memoryLimitMb", async () => {
  const { stdout } = await runMarina(["doctor", "--json"]);
  const { memory } = JSON.parse(stdout);
  if (Deno.build.os !== "linux") return strictEqual(memory.workerLimits, undefined);
  const { holder, group, reason } = memory.workerLimits;
  if (holder === "kernel") strictEqual(typeof group, "string");
  else deepStrictEqual([holder, typeof reason], ["server", "string"]);
  const text = (await runMarina(["doctor"])).stdout;
  match(text, /memoryLimitMb of processes: (the kernel holds it|the server looks ten times)/);
});

Deno.test({
  name: `doctor names the control group of a server that has one of its own${reason}`,
  ignore,
  async fn() {
    await using group = (await openOwnControlGroup())!;
    const { stdout } = await runMarina(["doctor"], { command: group.command });
    match(stdout, /the kernel holds it, by control groups in \//);
    deepStrictEqual(listWorkerGroups(group.dir), []);
  },
});
