import { deepStrictEqual, match, rejects, strictEqual } from "node:assert/strict";
import { isWindows, spawnSleeper } from "../support/sleeper.ts";
import { claimPidFile, findRunningServer, removeStalePidFile } from "../../server/_pid_file.ts";
import { readProcessIdentity } from "../../server/_process_identity.ts";
import { TempFolder } from "../support/temp_folder.ts";

const FILE = ".model_server.pid";

Deno.test({
  name: "claimPidFile() names this process on the first line, until it is removed (§3 --stop)",
  ignore: isWindows,
  async fn() {
    await using temp = await TempFolder.create();
    const pidFile = await claimPidFile(temp.path);
    strictEqual((await Deno.readTextFile(temp.at(FILE))).split("\n")[0], String(Deno.pid));
    strictEqual((await Deno.stat(temp.at(FILE))).mode! & 0o777, 0o600);
    strictEqual((await findRunningServer(temp.path))?.pid, Deno.pid);
    await rejects(claimPidFile(temp.path), {
      name: "ConfigError",
      message: "Marina is already running, please use marina serve --stop to stop Marina.",
    });
    deepStrictEqual(await temp.list(), [FILE]);
    await pidFile.remove();
    deepStrictEqual(await temp.list(), []);
  },
});

const STALE_ROWS = [
  { what: "TorchServe's own", text: (pid: number) => `${pid}` },
  { what: "of a process that has the number since", text: (pid: number) => `${pid}\nhere-1\n` },
  { what: "cut off", text: (pid: number) => `${pid}\n` },
  { what: "of no process", text: () => `${2 ** 31 - 1}\nhere-1\n` },
  { what: "empty", text: () => "" },
];

for (const { what, text } of STALE_ROWS) {
  Deno.test({
    name: `a pid file that is ${what} neither blocks a start nor names a process to stop (§3)`,
    ignore: isWindows,
    async fn() {
      await using sleeper = spawnSleeper();
      await using temp = await TempFolder.create();
      await temp.write(FILE, text(sleeper.pid));
      strictEqual(await findRunningServer(temp.path), undefined);
      const pidFile = await claimPidFile(temp.path);
      match(await Deno.readTextFile(temp.at(FILE)), new RegExp(`^${Deno.pid}\n`));
      await pidFile.remove();
      await temp.write(FILE, text(sleeper.pid));
      await removeStalePidFile(temp.path);
      deepStrictEqual(await temp.list(), []);
    },
  });
}

Deno.test({
  name: "removing a pid file leaves that of a later server alone",
  ignore: isWindows,
  async fn() {
    await using temp = await TempFolder.create();
    const pidFile = await claimPidFile(temp.path);
    await temp.write(FILE, "17\nlater\n");
    await pidFile.remove();
    strictEqual(await Deno.readTextFile(temp.at(FILE)), "17\nlater\n");
  },
});

Deno.test({
  name:
    "readProcessIdentity() is the same for one process, another for each other, none for an ended one",
  ignore: isWindows,
  async fn() {
    const sleeper = spawnSleeper();
    const own = await readProcessIdentity(Deno.pid);
    const other = await readProcessIdentity(sleeper.pid);
    strictEqual(await readProcessIdentity(Deno.pid), own);
    strictEqual(typeof other, "string");
    strictEqual(other === own, false);
    await sleeper[Symbol.asyncDispose]();
    strictEqual(await readProcessIdentity(sleeper.pid), undefined);
  },
});

Deno.test({
  name: "claimPidFile() says which folder cannot be written",
  ignore: isWindows,
  async fn() {
    await rejects(claimPidFile("/nowhere/at/all"), {
      name: "ConfigError",
      message:
        'Cannot start: the pid file "/nowhere/at/all/.model_server.pid" cannot be written, ' +
        "name another folder as environment variable TMPDIR",
    });
  },
});
