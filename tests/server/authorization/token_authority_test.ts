import { setImmediate } from "node:timers";
import {
  deepStrictEqual,
  match,
  notStrictEqual,
  ok,
  rejects,
  strictEqual,
} from "node:assert/strict";
import { TokenAuthority } from "../../../server/authorization/mod.ts";
import { ManualClock } from "../../support/manual_clock.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const HOUR_MS = 3_600_000;

interface KeyFileText {
  readonly management: { readonly key: string; readonly "expiration time": string };
  readonly inference: { readonly key: string; readonly "expiration time": string };
  readonly API: { readonly key: string };
}

/** A folder with the key file of one authority, and the clock that both live by. */
class Fixture implements AsyncDisposable {
  readonly clock = new ManualClock();

  private constructor(readonly folder: TempFolder) {}

  static async create(): Promise<Fixture> {
    return new Fixture(await TempFolder.create());
  }

  get keyFile(): string {
    return this.folder.at("key_file.json");
  }

  open(expirationMs = HOUR_MS): Promise<TokenAuthority> {
    const { keyFile, clock } = this;
    return TokenAuthority.open({
      keyFile,
      expirationMs,
      now: () => clock.now(),
      schedule: (delayMs, callback) => clock.schedule(delayMs, callback),
    });
  }

  read(): KeyFileText {
    return JSON.parse(Deno.readTextFileSync(this.keyFile));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.folder[Symbol.asyncDispose]();
  }
}

Deno.test("TokenAuthority.open() writes TorchServe's fields in its order, for the owner's eyes alone (§1.9)", async () => {
  await using fixture = await Fixture.create();
  using _ = await fixture.open();
  const text = await Deno.readTextFile(fixture.keyFile);
  const keys = fixture.read();
  strictEqual(
    text,
    `{
  "management": {
    "key": "${keys.management.key}",
    "expiration time": "1970-01-01T01:00:00.000Z"
  },
  "inference": {
    "key": "${keys.inference.key}",
    "expiration time": "1970-01-01T01:00:00.000Z"
  },
  "API": {
    "key": "${keys.API.key}"
  }
}`,
  );
  if (Deno.build.os !== "windows") {
    strictEqual((await Deno.stat(fixture.keyFile)).mode! & 0o777, 0o600);
  }
  deepStrictEqual(await fixture.folder.list(), ["key_file.json"]);
});

Deno.test("TokenAuthority makes three keys of 32 random bytes, TorchServe's have 6 (§1.9)", async () => {
  await using fixture = await Fixture.create();
  using _ = await fixture.open();
  const { management, inference, API } = fixture.read();
  const keys = [management.key, inference.key, API.key];
  strictEqual(new Set(keys).size, 3);
  for (const key of keys) match(key, /^[\w-]{43}$/);
});

Deno.test("TokenAuthority.isAuthorized() takes each key for its own role only (§1.9)", async () => {
  await using fixture = await Fixture.create();
  using authority = await fixture.open();
  const roles = ["management", "inference", "API"] as const;
  for (const role of roles) {
    for (const owner of roles) {
      const header = `Bearer ${fixture.read()[owner].key}`;
      strictEqual(authority.isAuthorized(role, header), role === owner, `${owner} as ${role}`);
    }
  }
});

Deno.test("TokenAuthority.isAuthorized() wants ^Bearer\\s+(\\S+)$ in this case (§1.9)", async () => {
  await using fixture = await Fixture.create();
  using authority = await fixture.open();
  const { key } = fixture.read().inference;
  const other = key.endsWith("A") ? "B" : "A";
  const cases: readonly [string | null | undefined, boolean][] = [
    [`Bearer ${key}`, true],
    [`Bearer   ${key}`, true],
    [`Bearer\t${key}`, true],
    [`bearer ${key}`, false],
    [`BEARER ${key}`, false],
    [`Bearer${key}`, false],
    [` Bearer ${key}`, false],
    [`Bearer ${key} `, false],
    [`Bearer ${key} x`, false],
    [`Bearer ${key}, Bearer ${key}`, false],
    [`Basic ${key}`, false],
    [key, false],
    [`Bearer ${key.slice(0, -1)}${other}`, false],
    [`Bearer ${key.slice(0, -1)}`, false],
    [`Bearer ${key}A`, false],
    [`Bearer ${key.slice(0, -1)}é`, false],
    [`Bearer ${"ÿ".repeat(43)}`, false],
    ["Bearer ", false],
    ["", false],
    [null, false],
    [undefined, false],
  ];
  for (const [header, isAccepted] of cases) {
    strictEqual(authority.isAuthorized("inference", header), isAccepted, String(header));
  }
});

Deno.test("TokenAuthority refuses a key once token_expiration_min have passed, that of API never (§1.9)", async () => {
  await using fixture = await Fixture.create();
  using authority = await fixture.open(90_000);
  const { inference, management, API } = fixture.read();
  strictEqual(inference["expiration time"], "1970-01-01T00:01:30.000Z");
  await fixture.clock.advance(89_999);
  ok(authority.isAuthorized("inference", `Bearer ${inference.key}`));
  await fixture.clock.advance(1);
  ok(!authority.isAuthorized("inference", `Bearer ${inference.key}`));
  ok(!authority.isAuthorized("management", `Bearer ${management.key}`));
  await fixture.clock.advance(100 * HOUR_MS);
  ok(authority.isAuthorized("API", `Bearer ${API.key}`));
});

Deno.test("TokenAuthority.rotate() replaces one key in memory and in the file, and leaves the others (§1.9)", async () => {
  await using fixture = await Fixture.create();
  using authority = await fixture.open();
  const before = fixture.read();
  await fixture.clock.advance(HOUR_MS);
  await authority.rotate("inference");
  const after = fixture.read();
  notStrictEqual(after.inference.key, before.inference.key);
  strictEqual(after.inference["expiration time"], "1970-01-01T02:00:00.000Z");
  deepStrictEqual([after.management, after.API], [before.management, before.API]);
  ok(authority.isAuthorized("inference", `Bearer ${after.inference.key}`));
  ok(!authority.isAuthorized("inference", `Bearer ${before.inference.key}`));
  ok(!authority.isAuthorized("management", `Bearer ${before.management.key}`), "still expired");
  if (Deno.build.os !== "windows") {
    strictEqual((await Deno.stat(fixture.keyFile)).mode! & 0o777, 0o600);
  }
  deepStrictEqual(await fixture.folder.list(), ["key_file.json"]);
});

Deno.test("TokenAuthority.rotate() ends with a file of the accepted keys, however many rotate at once", async () => {
  await using fixture = await Fixture.create();
  using authority = await fixture.open();
  const roles = ["inference", "management", "inference", "management", "inference"] as const;
  await Promise.all(roles.map((role) => authority.rotate(role)));
  const { inference, management } = fixture.read();
  ok(authority.isAuthorized("inference", `Bearer ${inference.key}`));
  ok(authority.isAuthorized("management", `Bearer ${management.key}`));
});

Deno.test("TokenAuthority.rotate() rejects and keeps the key when the file cannot be written", async () => {
  await using fixture = await Fixture.create();
  using authority = await fixture.open();
  const { key } = fixture.read().inference;
  await Deno.rename(fixture.folder.path, `${fixture.folder.path}-away`);
  try {
    await rejects(authority.rotate("inference"), Deno.errors.NotFound);
    ok(authority.isAuthorized("inference", `Bearer ${key}`));
  } finally {
    await Deno.rename(`${fixture.folder.path}-away`, fixture.folder.path);
  }
  await authority.rotate("inference");
  ok(!authority.isAuthorized("inference", `Bearer ${key}`));
});

Deno.test("TokenAuthority.open() replaces what a server of before left, as TorchServe does at each start (§1.9)", async () => {
  await using fixture = await Fixture.create();
  let before: KeyFileText;
  {
    using _ = await fixture.open();
    before = fixture.read();
  }
  using authority = await fixture.open();
  const { key } = fixture.read().inference;
  notStrictEqual(key, before.inference.key);
  ok(authority.isAuthorized("inference", `Bearer ${key}`));
  ok(!authority.isAuthorized("inference", `Bearer ${before.inference.key}`));
});

Deno.test({
  name:
    "TokenAuthority.open() refuses a folder whose key file is a running server's, also after a rotation",
  ignore: Deno.build.os !== "linux",
  async fn() {
    await using fixture = await Fixture.create();
    const first = await fixture.open();
    await first.rotate("management");
    const keys = fixture.read();
    const second = fixture.open();
    const refused = rejects(second, {
      name: "ConfigError",
      message: `Cannot start: the key file "${fixture.keyFile}" must not be another running ` +
        "server's; start in another folder, or without tokens by --disable-token-auth",
    });
    await waitForTimer(fixture.clock);
    await fixture.clock.advance(1_000);
    await refused;
    deepStrictEqual(fixture.read(), keys);
    first[Symbol.dispose]();
    await waitForClosed(fixture.keyFile);
    using _ = await fixture.open();
  },
});

Deno.test("TokenAuthority.open() refuses a folder that it cannot write to", async () => {
  await using fixture = await Fixture.create();
  const options = { expirationMs: 1, now: () => 0, schedule: () => () => {} };
  const keyFile = fixture.folder.at("none/key_file.json");
  await rejects(TokenAuthority.open({ ...options, keyFile }), {
    name: "ConfigError",
    message:
      `Cannot start: the key file "${keyFile}" must be writable, it is not; start in another ` +
      "folder, or without tokens by --disable-token-auth",
  });
});

Deno.test("TokenAuthority.open() takes an expiration beyond what a date can say", async () => {
  await using fixture = await Fixture.create();
  using authority = await fixture.open(1e18);
  ok(authority.isAuthorized("inference", `Bearer ${fixture.read().inference.key}`));
});

/** Resolves once somebody waits for the clock; the file is opened before. */
async function waitForTimer(clock: ManualClock): Promise<void> {
  while (clock.pendingDelaysMs.length === 0) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Resolves once this process has no handle of the file: a refused start gives its own back late. */
async function waitForClosed(path: string): Promise<void> {
  const isOpen = (): boolean =>
    [...Deno.readDirSync("/proc/self/fd")].some(({ name }) => {
      try {
        return Deno.readLinkSync(`/proc/self/fd/${name}`) === path;
      } catch {
        return false;
      }
    });
  while (isOpen()) await new Promise((resolve) => setImmediate(resolve));
}
