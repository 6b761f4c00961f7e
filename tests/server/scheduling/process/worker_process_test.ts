import { deepStrictEqual, match, strictEqual } from "node:assert/strict";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  type ChannelKind,
  createProcessStarter,
  createSystemClock,
  type WireFailure,
  type WorkerCarrier,
} from "../../../../server/scheduling/mod.ts";
import type { FromWorkerMessage, ToWorkerMessage } from "../../../../server/scheduling/protocol.ts";
import { openChannel } from "../../../../server/scheduling/process/channel.ts";
import { FrameWriter } from "../../../../server/scheduling/process/frame_writer.ts";
import { toFrame } from "../../../../server/scheduling/process/to_frame.ts";
import { TempFolder } from "../../../support/temp_folder.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

const RUNTIME_FLAGS = ["--no-prompt", "--cached-only", "--config", join(ROOT, "deno.json")];

/** What the handler may do, and what becomes of its attempts. */
const PRISONER = `
const attempts = {
  read: () => Deno.readTextFile("/etc/passwd"),
  list: () => [...Deno.readDirSync(new URL("..", import.meta.url))],
  write: (dir) => Deno.writeTextFile(dir + "/note.txt", "x"),
  net: () => Deno.connect({ port: 1 }),
  run: () => new Deno.Command("true").output(),
  env: async () => Deno.env.get("HOME"),
  sys: async () => Deno.hostname(),
  ffi: async () => Deno.dlopen("libc.so.6", {}),
  thread: async () => new Worker(import.meta.url, { type: "module" }),
  signal: async () => Deno.kill(Deno.pid, "SIGTERM"),
};

export async function handle(data, context) {
  if (data === null) return;
  const outcomes = {};
  for (const [name, attempt] of Object.entries(attempts)) {
    try {
      await attempt(context.systemProperties.modelDir);
      outcomes[name] = "ESCAPED";
    } catch (error) {
      outcomes[name] = error.name;
    }
  }
  for (const name of ["read", "write", "net", "run", "env", "sys", "ffi"]) {
    outcomes["may " + name] = (await Deno.permissions.query({ name })).state !== "granted";
  }
  outcomes.own = (await Deno.readTextFile(new URL("own.txt", import.meta.url)));
  return [outcomes];
}
`;

/** One worker's process, and what it says. */
class TestWorker implements AsyncDisposable {
  readonly carrier: WorkerCarrier;
  readonly failed = Promise.withResolvers<WireFailure>();
  readonly #modelDir: string;
  #onMessage: ((message: FromWorkerMessage) => void) | undefined;
  readonly #messages: FromWorkerMessage[] = [];

  constructor(
    modelDir: string,
    tempDir: string,
    createArgs: (args: readonly string[], permissionFlags: readonly string[]) => string[],
    channelKind?: ChannelKind,
  ) {
    this.#modelDir = modelDir;
    const start = createProcessStarter({
      clock: createSystemClock(),
      tempDir,
      channelKind,
      nativeDir: undefined,
      createCommand: (args, flags) => ({ program: Deno.execPath(), args: createArgs(args, flags) }),
    });
    this.carrier = start({ name: "test", modelDir }, {
      onMessage: (message) => {
        this.#messages.push(message);
        if (message.type === "load_failed") this.failed.resolve(message.failure);
        this.#onMessage?.(message);
      },
      onFailure: (failure) => this.failed.resolve(failure),
    });
  }

  load(): void {
    this.carrier.post(createLoad(this.#modelDir));
  }

  /** The first message of that kind, past or to come; its process's end is an error. */
  waitFor<T extends FromWorkerMessage["type"]>(type: T) {
    type Found = Extract<FromWorkerMessage, { type: T }>;
    const found = new Promise<Found>((resolve) => {
      const look = (message: FromWorkerMessage) => {
        if (message.type === type) resolve(message as Found);
      };
      this.#onMessage = look;
      this.#messages.forEach(look);
    });
    const failed = this.failed.promise.then(({ message, stack }): never => {
      throw new Error(`${message}\n${stack}`);
    });
    return Promise.race([found, failed]);
  }

  async [Symbol.asyncDispose]() {
    const pid = this.carrier.process?.pid;
    this.carrier.terminate({ isReleased: true });
    if (pid !== undefined) await waitForEnd(pid);
  }
}

async function waitForEnd(pid: number): Promise<void> {
  for (;;) {
    try {
      Deno.kill(pid, "SIGCONT");
    } catch {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve));
  }
}

function createLoad(modelDir: string): ToWorkerMessage {
  return {
    type: "load",
    modelName: "prisoner",
    modelVersion: "1.0",
    modelDir,
    manifest: null,
    modelYamlConfig: {},
    handler: { kind: "file", file: "handler.ts" },
    needsImages: false,
    batchSize: 1,
    device: { gpuId: null, mayFallBack: true },
    intraOpThreads: 1,
    serverVersion: "0.0.0",
    decodesRequests: true,
    maxResponseBytes: 1e6,
    warmup: [],
  };
}

const PREDICT: ToWorkerMessage = {
  type: "predict",
  batches: [{
    id: 0,
    kind: "predict",
    items: [{
      requestId: "a",
      parts: [{ name: "body", contentType: "", bytes: new Uint8Array(1) }],
      headers: [],
    }],
  }],
};

Deno.test.each(
  [
    { how: "few permissions, as a checkout's", isBroad: false, kind: "unix" },
    { how: "every permission, as a compiled program's", isBroad: true, kind: "unix" },
    { how: "few permissions, as a checkout's", isBroad: false, kind: "tcp" },
    { how: "every permission, as a compiled program's", isBroad: true, kind: "tcp" },
  ] as const,
)(
  "a worker's process that is started with $how and talks over $kind ends with a thread's",
  async ({ isBroad, kind }) => {
    await using folder = await TempFolder.create();
    await using sockets = await TempFolder.create();
    await folder.write("handler.ts", PRISONER);
    await folder.write("own.txt", "mine");
    await using worker = new TestWorker(folder.path, sockets.path, (args, flags) => {
      const permissions = isBroad ? ["-A"] : flags;
      return ["run", ...permissions, ...RUNTIME_FLAGS, join(ROOT, "main.ts"), ...args];
    }, kind);
    worker.load();
    await worker.waitFor("loaded");
    worker.carrier.post(PREDICT);
    const { answers } = await worker.waitFor("result");
    const outcomes = JSON.parse(new TextDecoder().decode(answers![0]!.body));
    deepStrictEqual(outcomes, {
      ...Object.fromEntries(
        ["read", "list", "write", "net", "run", "env", "sys", "ffi", "signal"]
          .map((name) => [name, "NotCapable"]),
      ),
      thread: "TypeError",
      ...Object.fromEntries(
        ["read", "write", "net", "run", "env", "sys", "ffi"].map((name) => [`may ${name}`, true]),
      ),
      own: "mine",
    });
  },
);

const CONNECT_CHANNEL = new URL(
  "../../../../server/scheduling/process/_connect_channel.ts",
  import.meta.url,
).href;

/** A child that connects and does what it likes. */
const createStranger = (code: string) => (args: readonly string[]) => [
  "eval",
  `const { channel } = JSON.parse(Deno.args[1]);
  const { connectChannel } = await import(${JSON.stringify(CONNECT_CHANNEL)});
  const connection = await connectChannel(channel);
  ${code}`,
  ...args,
];

const STRANGERS = [
  {
    what: "sends what is no frame",
    code: "await connection.write(new Uint8Array(64).fill(255)); setInterval(() => {}, 1e6);",
    why: /announces/,
  },
  {
    what: "sends half a frame and ends",
    code: "await connection.write(new Uint8Array([9, 0, 0])); Deno.exit(0);",
    why: /ended within it/,
  },
  {
    what: "closes its channel and lives on",
    code: "connection.close(); setInterval(() => {}, 1e6);",
    why: /was ended by SIGKILL/,
  },
  { what: "ends by itself", code: "Deno.exit(7);", why: /ended with code 7/ },
  {
    what: "says why before it ends",
    code: 'console.error("out of patience"); Deno.exit(3);',
    why: /ended with code 3/,
  },
];

Deno.test.each(
  (["unix", "tcp"] as const).flatMap((kind) =>
    STRANGERS.map((stranger) => ({ ...stranger, kind }))
  ),
)(
  "a process that $what becomes one failure, and is gone (over $kind)",
  async ({ code, why, kind }) => {
    await using folder = await TempFolder.create();
    await using worker = new TestWorker(folder.path, folder.path, createStranger(code), kind);
    const { pid } = worker.carrier.process!;
    const failure = await worker.failed.promise;
    match(failure.message, why);
    if (code.includes("patience")) strictEqual(failure.stack, "out of patience");
    await waitForEnd(pid);
  },
);

Deno.test("a program that cannot be started becomes a failure, and leaves no folder", async () => {
  await using folder = await TempFolder.create();
  const failed = Promise.withResolvers<WireFailure>();
  const start = createProcessStarter({
    clock: createSystemClock(),
    tempDir: folder.path,
    nativeDir: undefined,
    createCommand: () => ({ program: join(folder.path, "missing"), args: [] }),
  });
  start({ name: "test", modelDir: folder.path }, {
    onMessage: () => {},
    onFailure: failed.resolve,
  });
  match((await failed.promise).message, /cannot start/);
  deepStrictEqual([...Deno.readDirSync(folder.path)], []);
});

/** Loops while it is initialized, and says when: nothing else gets out of it from then on. */
const LOOP = `
export function handle() {
  Deno.stdout.writeSync(new TextEncoder().encode("looping"));
  for (;;);
}
`;

Deno.test.each([{ kind: "unix" }, { kind: "tcp" }] as const)(
  "where no C library can be asked, a thread ends the process once stdin ends, even in an endless loop (over $kind)",
  async ({ kind }) => {
    await using folder = await TempFolder.create();
    await folder.write("handler.ts", LOOP);
    const channel = openChannel(kind, folder.path);
    const options = {
      channel: channel.address,
      modelDir: folder.path,
      name: "test",
      parentPid: Deno.pid,
    };
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        ...["run", "-A", "--deny-run", ...RUNTIME_FLAGS],
        ...[join(ROOT, "main.ts"), "worker", JSON.stringify(options)],
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    const stdin = child.stdin.getWriter();
    await stdin.write(channel.token);
    const connection = await channel.accept();
    const writer = new FrameWriter();
    writer.connect(connection!);
    writer.send(toFrame(createLoad(folder.path)));
    const stdout = child.stdout.getReader();
    const { value } = await stdout.read();
    strictEqual(new TextDecoder().decode(value), "looping");
    await stdin.close();
    const { signal } = await child.status;
    strictEqual(signal, "SIGKILL");
    await stdout.cancel();
    channel.close();
  },
);
