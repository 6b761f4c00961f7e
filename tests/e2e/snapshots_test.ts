import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { ManagementClient, NOOP_HANDLER } from "../support/management_client.ts";
import type { MarinaProcess } from "../support/marina_process.ts";
import { createModelStore, type ModelStoreFolder } from "../support/model_store.ts";
import { type DescribedState, describeState, ServerHome } from "./_server_home.ts";

/** Answers its own name and version. */
const NAMING_HANDLER = `export function handle(rows, context) {
  return rows?.map(() => context.modelName + " " + context.modelVersion);
}
`;

function createStore(): Promise<ModelStoreFolder> {
  return createModelStore({
    noop: { handler: NAMING_HANDLER },
    "noop@2": { handler: NAMING_HANDLER, version: "2.0" },
    yaml: {
      handler: NOOP_HANDLER,
      config: "minWorkers: 2\nmaxWorkers: 2\nbatchSize: 4\nresponseTimeout: 9\n",
    },
  });
}

/** Makes the calls, each of which has to succeed. */
async function callAll(marina: MarinaProcess, lines: readonly string[]): Promise<void> {
  const management = new ManagementClient(marina);
  for (const line of lines) {
    const [, method, path, json] = /^(\S+) (\S+) ?(.*)$/.exec(line)!;
    const [status, body] = await management.call(`${method} ${path}`, json || undefined);
    ok(status === 200 || status === 202, `${line}: ${JSON.stringify(body)}`);
  }
}

Deno.test("serve writes snapshots at startup, after register, scale, set-default, traffic, unregister, and on SIGTERM (§7)", async () => {
  await using store = await createStore();
  await using home = await ServerHome.create(store.dir);
  await using marina = await home.start();
  const changes = [
    "POST /models?url=noop.mar&initial_workers=0",
    "POST /models?url=noop@2.mar&initial_workers=0",
    "PUT /models/noop/2.0?min_worker=1&max_worker=2&synchronous=true",
    "PUT /models/noop/2.0/set-default",
    'POST /models/noop/traffic {"weights":{"1.0":1,"2.0":1}}',
    "DELETE /models/noop/1.0",
  ];
  const expected = ["startup"];
  deepStrictEqual(await home.listSnapshots(), expected);
  for (const change of changes) {
    await callAll(marina, [change]);
    expected.push("snapshot");
    deepStrictEqual(await home.listSnapshots(), expected, change);
  }
  await callAll(marina, ["GET /models", "GET /models/noop"]);
  strictEqual((await new ManagementClient(marina).call("DELETE /models/nowhere"))[0], 404);
  deepStrictEqual(await home.listSnapshots(), expected, "nothing has changed");
  strictEqual(await marina.stop(), 0);
  deepStrictEqual(await home.listSnapshots(), [...expected, "shutdown"]);
  for (const name of await home.folder.list("logs/config")) {
    match(name, /^\d{17}-(startup|snapshot|shutdown)\.cfg$/);
    const { mode } = await Deno.stat(home.folder.at(`logs/config/${name}`));
    if (Deno.build.os !== "windows") strictEqual(mode! & 0o777, 0o600);
  }
});

Deno.test("serve restores names, versions, default, workers, batches, timeouts and traffic; no model is loadedAtStartup (§7)", async () => {
  await using store = await createStore();
  await using home = await ServerHome.create(store.dir);
  let before: DescribedState;
  {
    await using marina = await home.start(["--models", "noop.mar"]);
    await callAll(marina, [
      "POST /models?url=noop@2.mar&initial_workers=0&batch_size=3&max_batch_delay=77&response_timeout=99&startup_timeout=88",
      "POST /models?url=noop.mar&model_name=renamed&initial_workers=1",
      "POST /models?url=yaml.mar",
      "PUT /models/yaml?min_worker=0&max_worker=0&synchronous=true",
      "PUT /models/noop/1.0?min_worker=1&max_worker=1&synchronous=true",
      "PUT /models/noop/2.0?min_worker=1&max_worker=2&synchronous=true",
      "PUT /models/noop/2.0/set-default",
      'POST /models/noop/traffic {"weights":{"1.0":90,"2.0":10}}',
      'POST /models/renamed/traffic {"weights":{},"shadow":"1.0"}',
    ]);
    before = withoutStartup(await describeState(marina));
    strictEqual(await marina.stop(), 0);
  }
  await using marina = await home.start();
  deepStrictEqual(await describeState(marina), before);
  for (const [path, text] of [["noop/2.0", "noop 2.0"], ["renamed", "renamed 1.0"]] as const) {
    const response = await fetch(`${marina.inferenceUrl}/predictions/${path}`);
    strictEqual(await response.text(), text);
  }
  deepStrictEqual((await new ManagementClient(marina).describe("yaml"))[0].workers, []);
});

/** The state with each model as a restart gives it back. */
function withoutStartup(state: DescribedState): DescribedState {
  return JSON.parse(
    JSON.stringify(state).replaceAll('"loadedAtStartup":true', '"loadedAtStartup":false'),
  );
}

Deno.test("serve takes the last snapshot for its config, whatever --models says, and tells so (§7, T33)", async () => {
  await using store = await createStore();
  await using home = await ServerHome.create(store.dir, "job_queue_size=7\n");
  await using first = await home.start(["--models", "noop.mar"]);
  strictEqual(await first.stop(), 0);
  await home.folder.write("config.properties", "job_queue_size=8\nmodel_store=/nowhere\n");

  await using second = await home.start(["--models", "yaml.mar"]);
  const management = new ManagementClient(second);
  const [noop] = await management.describe("noop");
  strictEqual(noop.jobQueueStatus.remainingCapacity, 7);
  strictEqual((await management.call("GET /models/yaml"))[0], 404);
  match(await second.waitForStderr(/-shutdown\.cfg/), /--models/);
  await second.waitForStderr(/--ncs/);
});

Deno.test("serve --ncs neither reads nor writes a snapshot (§7)", async () => {
  await using store = await createStore();
  await using home = await ServerHome.create(store.dir);
  await using first = await home.start(["--models", "noop.mar"]);
  strictEqual(await first.stop(), 0);
  const files = await home.folder.list("logs/config");
  await using second = await home.start(["--ncs"]);
  deepStrictEqual(await describeState(second), {});
  await callAll(second, ["POST /models?url=yaml.mar"]);
  strictEqual(await second.stop(), 0);
  deepStrictEqual(await home.folder.list("logs/config"), files);
});

Deno.test("serve skips a broken and a newer snapshot with a message each, and uses the one before (§7)", async () => {
  await using store = await createStore();
  await using home = await ServerHome.create(store.dir);
  await using first = await home.start(["--models", "noop.mar"]);
  strictEqual(await first.stop(), 0);
  const good = await Deno.readTextFile(await home.newestSnapshot());
  await home.folder.write(
    "logs/config/29990101000000000-snapshot.cfg",
    good.slice(0, good.length / 2),
  );
  await home.folder.write(
    "logs/config/29990101000000001-snapshot.cfg",
    good.replace('"format": 1', '"format": 2'),
  );
  await using second = await home.start();
  strictEqual((await new ManagementClient(second).call("GET /models/noop"))[0], 200);
  await second.waitForStderr(/29990101000000000-snapshot\.cfg.*an older one is used/);
  await second.waitForStderr(/29990101000000001-snapshot\.cfg.*format must be 1, found 2/);
  match(await home.newestSnapshot(), /29990101000000002-startup\.cfg$/);
});

Deno.test("serve --ts-config some.cfg restores what TorchServe wrote (§7, §2 model_snapshot, T31)", async () => {
  await using store = await createStore();
  await using home = await ServerHome.create(store.dir);
  const escape = (text: string) => text.replaceAll(/[:=]/g, "\\$&").replaceAll("\n", "\\n");
  const snapshot = JSON.stringify(
    {
      name: "20261121024541133-startup.cfg",
      modelCount: 1,
      created: 1795229141134,
      models: {
        mine: {
          "2.0": {
            defaultVersion: true,
            marName: "noop@2.mar",
            minWorkers: 1,
            maxWorkers: 2,
            batchSize: 3,
            maxBatchDelay: 77,
            responseTimeout: 99,
            startupTimeout: 60,
            runtimeType: "python",
          },
        },
      },
    },
    null,
    2,
  );
  const lines = [
    "#Saving snapshot",
    "#Sat Nov 21 02:45:41 UTC 2026",
    ...["inference", "management", "metrics"].map((name) =>
      `${name}_address=${escape("http://127.0.0.1:0")}`
    ),
    "disable_token_authorization=true",
    "load_models=ALL",
    `model_store=${escape(store.dir)}`,
    `model_snapshot=${escape(snapshot)}`,
    "tsConfigFile=/home/model-server/config.properties",
    "version=0.12.0",
  ];
  const path = await home.folder.write("upstream.cfg", lines.join("\n") + "\n");
  await using marina = await home.start(["--ts-config", path]);
  deepStrictEqual(await describeState(marina), {
    mine: {
      defaultVersion: "2.0",
      traffic: { weights: {} },
      versions: [{
        modelVersion: "2.0",
        modelUrl: "noop@2.mar",
        runtime: "python",
        minWorkers: 1,
        maxWorkers: 2,
        batchSize: 3,
        maxBatchDelay: 77,
        responseTimeout: 99,
        startupTimeout: 60,
        loadedAtStartup: false,
      }],
    },
  });
});

Deno.test("serve starts without a model whose archive is gone, keeps it in its snapshots, and gives it back once it is there (§7: TorchServe exits)", async () => {
  await using store = await createStore();
  await using home = await ServerHome.create(store.dir);
  await using first = await home.start();
  await callAll(first, [
    "POST /models?url=noop.mar&initial_workers=0",
    "POST /models?url=noop@2.mar&initial_workers=0",
    "POST /models?url=yaml.mar&model_name=other",
    'POST /models/noop/traffic {"weights":{"1.0":3,"2.0":1}}',
  ]);
  const before = await describeState(first);
  strictEqual(await first.stop(), 0);

  await Deno.rename(`${store.dir}/noop.mar`, `${store.dir}/moved`);
  await using second = await home.start();
  const management = new ManagementClient(second);
  await second.waitForStderr(/Cannot restore a model, the others are;.*noop\.mar/);
  strictEqual((await management.call("GET /models/noop/1.0"))[0], 404);
  deepStrictEqual((await management.describe("noop"))[0].modelVersion, "2.0");
  await callAll(second, ["PUT /models/other?min_worker=2&max_worker=2&synchronous=true"]);
  strictEqual(await second.stop(), 0);

  await Deno.rename(`${store.dir}/moved`, `${store.dir}/noop.mar`);
  await using third = await home.start();
  deepStrictEqual(sortVersions(await describeState(third)), sortVersions(before));
  strictEqual(await third.stop(), 0);

  await Deno.remove(`${store.dir}/noop.mar`);
  await using fourth = await home.start();
  await callAll(fourth, ["DELETE /models/noop/1.0"]);
  strictEqual(await fourth.stop(), 0);
  const last = await Deno.readTextFile(await home.newestSnapshot());
  strictEqual(last.includes('"noop.mar"'), false);
  strictEqual(last.includes('"noop@2.mar"'), true);
});

/** What comes back late is listed last. */
function sortVersions(state: DescribedState): DescribedState {
  for (const { versions } of Object.values(state)) {
    versions.sort((a, b) => String(a.modelVersion) < String(b.modelVersion) ? -1 : 1);
  }
  return state;
}

Deno.test("serve warns at its start and goes on when snapshots cannot be written", async () => {
  await using store = await createStore();
  await using home = await ServerHome.create(store.dir);
  await home.folder.write("logs/config", "a file where the folder should be");
  await using marina = await home.start();
  match(await marina.waitForStderr(/Cannot write a snapshot/), /"level":"warning"/);
  await callAll(marina, ["POST /models?url=noop.mar&initial_workers=0"]);
  await marina.waitForStderr(/"level":"error".*Cannot write a snapshot.*"failures":2/);
  strictEqual(await marina.stop(), 0);
});

Deno.test("a snapshot that cannot be written fails no call, is told once and counted, and the next change is written again (§7)", async () => {
  await using store = await createStore();
  await using home = await ServerHome.create(store.dir, "metrics_mode=prometheus\n");
  const dir = home.folder.at("logs/config");
  {
    await using marina = await home.start();
    const readMetrics = async () => {
      const query = "name[]=marina_snapshot_failures_total&name[]=marina_snapshot_stale";
      const text = await (await fetch(`${marina.metricsUrl}/metrics?${query}`)).text();
      return [...text.matchAll(/^marina_snapshot_\w+ (.*)$/gm)].map(([, value]) => Number(value));
    };
    deepStrictEqual(await readMetrics(), [0, 0]);
    await Deno.rename(dir, `${dir}-aside`);
    await Deno.writeTextFile(dir, "a file where the folder should be");
    await callAll(marina, [
      "POST /models?url=noop.mar&initial_workers=0",
      "PUT /models/noop?min_worker=1&synchronous=true",
    ]);
    deepStrictEqual(await readMetrics(), [2, 1]);
    await Deno.remove(dir);
    await Deno.rename(`${dir}-aside`, dir);
    await callAll(marina, ["PUT /models/noop?min_worker=2&synchronous=true"]);
    deepStrictEqual(await readMetrics(), [2, 0]);
    await marina.waitForStderr(/Snapshots are written again/);
    const told = marina.stderrLines.filter((line) => line.includes("Cannot write a snapshot"));
    strictEqual(told.length, 1, told.join("\n"));
    await marina.stop("SIGKILL");
  }
  await using marina = await home.start();
  strictEqual((await new ManagementClient(marina).describe("noop"))[0].minWorkers, 2);
});
