import { deepStrictEqual, doesNotMatch, match, ok, rejects, strictEqual } from "node:assert/strict";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";

/** Does what the request says; what it answers shows how many its worker has served. */
const MOODY = `
import fs from "node:fs";

let served = 0;
const kept = [];

export async function handle(data) {
  if (data === null) return;
  served++;
  const [mood, number] = String(data[0].body).split(" ");
  if (mood === "loop") for (;;);
  if (mood === "fill") {
    for (;;) {
      kept.push(new Uint8Array(8 * 1024 * 1024).fill(1));
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  if (mood === "heap") for (;;) kept.push({ text: [Math.random(), Math.random()] });
  if (mood === "keep") kept.push(new Uint8Array(Number(number) * 1024 * 1024).fill(1));
  if (mood === "forge") {
    const frame = new Uint8Array(64).fill(255);
    process.stdout.write(frame);
    Deno.stdout.writeSync(frame);
    let written = 0;
    for (let fd = 1; fd < 64; fd++) {
      try {
        fs.writeSync(fd, frame);
        written++;
      } catch {
        // Not open, or not its own.
      }
    }
  }
  if (mood === "post") {
    self.postMessage({ type: "result", batchId: 999, busyMs: 1, answers: [] });
    await new Promise(() => {});
  }
  if (mood === "write") {
    const attempts = [
      () => localStorage.setItem("a", "b"),
      () => caches.open("a"),
      () => sessionStorage.setItem("a", "b"),
      () => prompt("Who is there?"),
    ];
    const outcomes = [];
    for (const attempt of attempts) {
      try {
        await attempt();
        outcomes.push("ESCAPED");
      } catch (error) {
        outcomes.push(error.name);
      }
    }
    return [outcomes.join()];
  }
  return data.map((row) => String(row.body) + " " + served);
}
`;

const ONE_PROCESS = "minWorkers: 1\nmaxWorkers: 1\nisolation: process\n";
const DIED = { code: 500, type: "InternalServerException", message: "Worker died." };

/** The system's files about processes; without them the tests that look there are skipped. */
const hasProc = Deno.build.os === "linux";
const reason = hasProc ? "" : " (skipped: this system has no /proc)";

async function ask(marina: MarinaProcess, model: string, mood: string): Promise<Response> {
  return await fetch(`${marina.inferenceUrl}/predictions/${model}`, {
    method: "POST",
    headers: { "content-type": "text/plain" },
    body: mood,
  });
}

interface DescribedWorker {
  readonly pid: number;
  readonly memoryUsage: number;
  readonly status: string;
  readonly failure?: { readonly message: string };
}

async function describe(marina: MarinaProcess, model: string): Promise<DescribedWorker> {
  const response = await fetch(`${marina.managementUrl}/models/${model}`);
  return (await response.json())[0].workers[0];
}

/** Asks until the answer is as wanted. */
async function waitForWorker(
  marina: MarinaProcess,
  model: string,
  isWanted: (worker: DescribedWorker) => boolean,
): Promise<DescribedWorker> {
  for (;;) {
    const worker = await describe(marina, model);
    if (isWanted(worker)) return worker;
  }
}

/** Whether there is such a process, one that has ended and waits to be noticed not counted. */
function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(Deno.readTextFileSync(`/proc/${pid}/status`));
  } catch {
    return false;
  }
}

/** Resolves once the process has gone; the test's own deadline is the limit. */
async function waitForEnd(pid: number): Promise<void> {
  while (isRunning(pid)) await new Promise((resolve) => setTimeout(resolve));
}

async function killUntilEnd(pid: number, signal: Deno.Signal): Promise<void> {
  while (isRunning(pid)) {
    try {
      Deno.kill(pid, signal);
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
}

async function startModels(
  config: Readonly<Record<string, string>>,
  env: Readonly<Record<string, string>> = {},
) {
  const store = await createModelStore(Object.fromEntries(
    Object.entries(config).map(([name, text]) => [name, { handler: MOODY, config: text }]),
  ));
  const marina = await startMarina({ args: ["--model-store", store.dir, "--models", "all"], env });
  return {
    marina,
    async [Symbol.asyncDispose]() {
      await marina[Symbol.asyncDispose]();
      await store[Symbol.asyncDispose]();
    },
  };
}

Deno.test(`isolation: process gives a worker a process of its own, whose pid and memory GET /models/{name} tells (§1.6)${reason}`, async () => {
  await using server = await startModels({
    apart: ONE_PROCESS,
    inside: "minWorkers: 1\nmaxWorkers: 1\nisolation: thread\n",
  });
  const { marina } = server;
  strictEqual(await (await ask(marina, "apart", "hello")).text(), "hello 1");
  const apart = await waitForWorker(marina, "apart", ({ memoryUsage }) => memoryUsage > 0);
  ok(apart.pid !== marina.pid && apart.memoryUsage > 10e6, JSON.stringify(apart));
  strictEqual(await (await ask(marina, "inside", "hello")).text(), "hello 1");
  const inside = await describe(marina, "inside");
  deepStrictEqual([inside.pid, inside.memoryUsage], [marina.pid, 0]);
  if (hasProc) ok(isRunning(apart.pid));
});

Deno.test.each([{ signal: "SIGSEGV" }, { signal: "SIGKILL" }] as const)(
  `a worker's process that $signal ends under 32 connections costs its batch a 500, the other model nothing, and comes back${reason}`,
  async ({ signal }) => {
    await using server = await startModels({ fragile: ONE_PROCESS, calm: ONE_PROCESS });
    const { marina } = server;
    await (await ask(marina, "fragile", "first")).text();
    await (await ask(marina, "calm", "first")).text();
    const { pid } = await describe(marina, "fragile");
    const failures: Record<string, unknown[]> = { fragile: [], calm: [] };
    const answers = { fragile: 0, calm: 0 };
    let isOver = false;
    const client = async (model: "fragile" | "calm") => {
      while (!isOver) {
        const response = await ask(marina, model, "again");
        const text = await response.text();
        if (response.status === 200) answers[model]++;
        else failures[model]!.push([response.status, JSON.parse(text)]);
      }
    };
    const clients = Array.from({ length: 32 }, (_, n) => client(n % 2 === 0 ? "fragile" : "calm"));
    while (answers.fragile < 200 || answers.calm < 200) await describe(marina, "calm");
    Deno.kill(pid, signal);
    // The runtime's own handler of SIGSEGV lets the fault happen again, which here the test has to do.
    if (signal === "SIGSEGV") await killUntilEnd(pid, signal);
    const back = await waitForWorker(
      marina,
      "fragile",
      (worker) => worker.status === "READY" && worker.pid !== pid,
    );
    const before = { ...answers };
    while (answers.fragile < before.fragile + 100 || answers.calm < before.calm + 100) {
      await describe(marina, "calm");
    }
    isOver = true;
    await Promise.all(clients);
    ok(failures.fragile!.length <= 1, JSON.stringify(failures.fragile));
    for (const failure of failures.fragile!) deepStrictEqual(failure, [500, DIED]);
    deepStrictEqual(failures.calm, []);
    ok(back.pid > 0);
    match(await marina.waitForStderr(/"Worker failed"/), new RegExp(`was ended by ${signal}`));
    strictEqual(await marina.stop(), 0);
  },
);

Deno.test({
  name:
    `an endless loop costs its batch a 500 after responseTimeout, and its process is gone${reason}`,
  ignore: !hasProc,
  async fn() {
    await using server = await startModels({ apart: `${ONE_PROCESS}responseTimeout: 1\n` });
    const { marina } = server;
    await (await ask(marina, "apart", "first")).text();
    const { pid } = await describe(marina, "apart");
    const response = await ask(marina, "apart", "loop");
    deepStrictEqual([response.status, await response.json()], [500, DIED]);
    strictEqual(await (await ask(marina, "apart", "again")).text(), "again 1");
    strictEqual(isRunning(pid), false);
  },
});

Deno.test.each([
  {
    mood: "fill",
    found: /memoryLimitMb allows 200 MB, it (had \d+ MB|asked for more)/,
    what: "buffers",
  },
  { mood: "heap", found: /memoryLimitMb allows 200 MB/, what: "objects" },
])(
  "memoryLimitMb ends a process that fills its memory with $what, says so, and the worker comes back",
  async ({ mood, found }) => {
    await using server = await startModels({
      greedy: `${ONE_PROCESS}memoryLimitMb: 200\n`,
      calm: ONE_PROCESS,
    });
    const { marina } = server;
    const response = await ask(marina, "greedy", mood);
    deepStrictEqual([response.status, await response.json()], [500, DIED]);
    match(await marina.waitForStderr(/"Worker failed"/), found);
    strictEqual(await (await ask(marina, "greedy", "again")).text(), "again 1");
    strictEqual(await (await ask(marina, "calm", "hello")).text(), "hello 1");
  },
);

Deno.test.each([
  { rule: "afterBatches: 40", mood: "hello", why: /had answered \d+ batches/ },
  { rule: "growthMb: 30", mood: "keep 2", why: /had grown by \d+ MB/ },
])(
  "recycle: $rule replaces the process under load, and no request fails",
  async ({ rule, mood, why }) => {
    await using server = await startModels({ apart: `${ONE_PROCESS}recycle:\n  ${rule}\n` });
    const { marina } = server;
    const first = await waitForWorker(marina, "apart", ({ status }) => status === "READY");
    let isOver = false;
    const outcomes = new Map<number, number>();
    const client = async () => {
      while (!isOver) {
        const response = await ask(marina, "apart", mood);
        await response.text();
        outcomes.set(response.status, (outcomes.get(response.status) ?? 0) + 1);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    const isOther = (pid: number) => (worker: DescribedWorker) => worker.pid !== pid;
    const second = await waitForWorker(marina, "apart", isOther(first.pid));
    if (rule.startsWith("after")) await waitForWorker(marina, "apart", isOther(second.pid));
    isOver = true;
    await Promise.all(clients);
    deepStrictEqual([...outcomes.keys()], [200]);
    match(await marina.waitForStderr(/takes the place of process/), why);
    if (hasProc) await waitForEnd(first.pid);
  },
);

Deno.test.each([{ mood: "idle" }, { mood: "loop" }])(
  `a server that is killed leaves no process of a worker behind, even one whose handler is in state "$mood"${reason}`,
  async ({ mood }) => {
    if (!hasProc) return;
    await using server = await startModels({ apart: ONE_PROCESS });
    const { marina } = server;
    await (await ask(marina, "apart", "first")).text();
    const { pid } = await describe(marina, "apart");
    const lost = mood === "loop" ? ask(marina, "apart", mood).catch(() => {}) : undefined;
    if (lost !== undefined) await waitForBusy(pid);
    await marina.stop("SIGKILL");
    await waitForEnd(pid);
    await lost;
  },
);

/** Resolves once the process has used half a second of a core more than at the call. */
async function waitForBusy(pid: number): Promise<void> {
  const readTicks = () => {
    const fields = Deno.readTextFileSync(`/proc/${pid}/stat`).split(") ")[1]!.split(" ");
    return Number(fields[11]);
  };
  const start = readTicks();
  while (readTicks() < start + 50) await new Promise((resolve) => setTimeout(resolve));
}

Deno.test({
  name: `a worker's process has neither keys nor settings in its environment${reason}`,
  ignore: !hasProc,
  async fn() {
    const secrets = { AWS_SECRET_ACCESS_KEY: "hush", TS_KEYSTORE_PASS: "hush", MY_TOKEN: "hush" };
    await using server = await startModels({ apart: ONE_PROCESS }, secrets);
    const { marina } = server;
    await (await ask(marina, "apart", "first")).text();
    const { pid } = await describe(marina, "apart");
    doesNotMatch(await Deno.readTextFile(`/proc/${pid}/environ`), /hush/);
    match(await Deno.readTextFile(`/proc/${marina.pid}/environ`), /hush/);
  },
});

Deno.test("what a handler writes past its console to every open file is no message of its worker, and the worker goes on", async () => {
  await using server = await startModels({ apart: ONE_PROCESS });
  const { marina } = server;
  strictEqual(await (await ask(marina, "apart", "forge")).text(), "forge 1");
  strictEqual(await (await ask(marina, "apart", "again")).text(), "again 2");
});

Deno.test("a handler that sends a result of its own making from its thread costs its batch a 500, and the server nothing", async () => {
  const config = "minWorkers: 1\nmaxWorkers: 1\nisolation: thread\n";
  await using server = await startModels({ forger: config, calm: config });
  const { marina } = server;
  const response = await ask(marina, "forger", "post");
  deepStrictEqual([response.status, await response.json()], [500, DIED]);
  match(await marina.waitForStderr(/"Worker failed"/), /sent what makes no sense/);
  strictEqual(await (await ask(marina, "forger", "again")).text(), "again 1");
  strictEqual(await (await ask(marina, "calm", "hello")).text(), "hello 1");
});

Deno.test.each([{ isolation: "process" }, { isolation: "thread" }])(
  "a handler in a $isolation finds no storage of the runtime and nobody to prompt",
  async ({ isolation }) => {
    const config = `minWorkers: 1\nmaxWorkers: 1\nisolation: ${isolation}\n`;
    await using server = await startModels({ apart: config });
    const answer = await (await ask(server.marina, "apart", "write")).text();
    doesNotMatch(answer, /ESCAPED/);
  },
);

Deno.test("--isolation process holds for archives that say nothing, and an archive's own word goes before it (§2 isolation)", async () => {
  await using store = await createModelStore({
    silent: { handler: MOODY, config: "minWorkers: 1\nmaxWorkers: 1\n" },
    inside: { handler: MOODY, config: "minWorkers: 1\nmaxWorkers: 1\nisolation: thread\n" },
  });
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--models", "all", "--isolation", "process"],
  });
  await (await ask(marina, "silent", "hello")).text();
  await (await ask(marina, "inside", "hello")).text();
  ok((await describe(marina, "silent")).pid !== marina.pid);
  strictEqual((await describe(marina, "inside")).pid, marina.pid);
});

Deno.test({
  name:
    `over TCP, as where there are no Unix sockets, a worker's process answers, a killed one comes back, and neither its command line nor its environment tells the token${reason}`,
  ignore: !hasProc,
  async fn() {
    await using server = await startModels({ apart: ONE_PROCESS }, {
      MARINA_WORKER_CHANNEL: "tcp",
    });
    const { marina } = server;
    strictEqual(await (await ask(marina, "apart", "hello")).text(), "hello 1");
    const { pid } = await describe(marina, "apart");
    const commandLine = await Deno.readTextFile(`/proc/${pid}/cmdline`);
    const options = JSON.parse(commandLine.split("\0").find((word) => word.startsWith("{"))!);
    deepStrictEqual(Object.keys(options.channel), ["kind", "port"]);
    // A compiled program's permissions are in it, and no flags.
    if (commandLine.includes("\0run\0")) match(commandLine, /--allow-net=127\.0\.0\.1:\d+\0/);
    doesNotMatch(await Deno.readTextFile(`/proc/${pid}/environ`), /token|CHANNEL/i);
    await rejects(() => Deno.connect({ port: options.channel.port }), /refused/);
    const lost = ask(marina, "apart", "loop");
    await waitForBusy(pid);
    Deno.kill(pid, "SIGKILL");
    deepStrictEqual(await (await lost).json(), DIED);
    strictEqual(await (await ask(marina, "apart", "again")).text(), "again 1");
  },
});
