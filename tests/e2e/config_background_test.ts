/** `serve --start` and `serve --stop`, with real processes. */
import { deepStrictEqual, match, ok, strictEqual } from "node:assert/strict";
import { type CommandOutcome, runMarina } from "../support/marina_process.ts";
import { isWindows, spawnSleeper } from "../support/sleeper.ts";
import { TempFolder } from "../support/temp_folder.ts";

const PID_FILE = ".model_server.pid";
const CONFIG = [
  "inference_address=http://127.0.0.1:0",
  "management_address=http://127.0.0.1:0",
  "metrics_address=http://127.0.0.1:0",
  "disable_token_authorization=true",
].join("\n");

/** A folder to serve in, with its own temporary files; whatever was started in it is stopped at the end. */
class Workplace implements AsyncDisposable {
  readonly temp: TempFolder;

  private constructor(temp: TempFolder) {
    this.temp = temp;
  }

  static async create(config = CONFIG): Promise<Workplace> {
    const temp = await TempFolder.create();
    await temp.write("config.properties", config);
    await Deno.mkdir(temp.at("tmp"));
    return new Workplace(temp);
  }

  async serve(...args: string[]): Promise<CommandOutcome> {
    const env = {
      TMPDIR: this.temp.at("tmp"),
      TEMP: "",
      TMP: "",
      LOG_LOCATION: "",
      TS_CONFIG_FILE: "",
    };
    return await runMarina(["serve", ...args], { cwd: this.temp.path, env });
  }

  async readPid(): Promise<number> {
    return Number((await Deno.readTextFile(this.temp.at(`tmp/${PID_FILE}`))).split("\n")[0]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.serve("--stop");
    await this.temp[Symbol.asyncDispose]();
  }
}

function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(Deno.readTextFileSync(`/proc/${pid}/stat`));
  } catch {
    return false;
  }
}

Deno.test({
  name:
    "serve --start answers once the server is ready, and --stop ends it and removes its key file (§3, §1.9)",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using place = await Workplace.create();
    const started = await place.serve("--start", "--model-store", ".");
    strictEqual(started.code, 0, started.stderr);
    const lines = started.stdout.trimEnd().split("\n");
    strictEqual(lines.at(-1), "Model server started.");
    const url = lines[0]!.split(": ")[1]!;
    strictEqual((await (await fetch(`${url}/ping`)).json()).status, "Healthy");
    const pid = await place.readPid();
    ok(isAlive(pid));
    // Field 6 is the session: a terminal's end does not reach it.
    const stat = await Deno.readTextFile(`/proc/${pid}/stat`);
    strictEqual(Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[3]), pid);
    match(await Deno.readTextFile(place.temp.at("logs/console.log")), /Marina version/);

    const second = await place.serve("--start", "--model-store", ".");
    deepStrictEqual([second.code, second.stdout], [1, ""]);
    match(
      second.stderr,
      /Marina is already running, please use marina serve --stop to stop Marina\./,
    );
    ok(isAlive(pid));

    await place.temp.write("key_file.json", "{}");
    const stopped = await place.serve("--stop");
    deepStrictEqual([stopped.code, stopped.stdout], [0, "Marina has stopped.\n"]);
    ok(!isAlive(pid));
    ok(!(await place.temp.list()).includes("key_file.json"));
    deepStrictEqual(await place.temp.list("tmp"), []);

    const again = await place.serve("--stop");
    deepStrictEqual([again.code, again.stdout], [0, "Marina is not currently running.\n"]);
  },
});

Deno.test({
  name: "serve --start ends with 1 and shows why when the server cannot start (§3)",
  ignore: isWindows,
  async fn() {
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const address = `inference_address=http://127.0.0.1:${taken.addr.port}`;
    await using place = await Workplace.create(`${CONFIG}\n${address}`);
    const { code, stdout, stderr } = await place.serve("--start", "--model-store", ".");
    deepStrictEqual([code, stdout], [1, ""]);
    match(stderr, /setting "inference_address" must be a free address/);
    deepStrictEqual(await place.temp.list("tmp"), []);
    await Deno.writeTextFile(place.temp.at("config.properties"), "job_queue_size=0");
    const wrong = await place.serve("--start", "--model-store", ".");
    strictEqual(wrong.code, 1);
    match(wrong.stderr, /^marina serve: error: Cannot start: setting "job_queue_size" must be/);
  },
});

Deno.test({
  name:
    "a pid file of another program neither blocks serve --start nor lets --stop end a stranger (§3)",
  ignore: isWindows,
  async fn() {
    await using stranger = spawnSleeper();
    await using place = await Workplace.create();
    await place.temp.write(`tmp/${PID_FILE}`, `${stranger.pid}\n`);
    const stopped = await place.serve("--stop");
    deepStrictEqual([stopped.code, stopped.stdout], [0, "Marina is not currently running.\n"]);
    ok(stranger.isAlive());
    await place.temp.write(`tmp/${PID_FILE}`, `${stranger.pid}\nhere-1\n`);
    const started = await place.serve("--start", "--model-store", ".");
    strictEqual(started.code, 0, started.stderr);
    strictEqual((await place.serve("--stop")).stdout, "Marina has stopped.\n");
    ok(stranger.isAlive());
  },
});

Deno.test({
  name: "serve --start starts again after the server was killed (§3)",
  ignore: isWindows,
  async fn() {
    await using place = await Workplace.create();
    strictEqual((await place.serve("--start", "--model-store", ".", "--ncs")).code, 0);
    const pid = await place.readPid();
    Deno.kill(pid, "SIGKILL");
    // The kernel takes a moment to take it apart.
    while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 5));
    const again = await place.serve("--start", "--model-store", ".", "--ncs");
    strictEqual(again.code, 0, again.stderr);
    ok(await place.readPid() !== pid);
  },
});
