import { deepStrictEqual, rejects, strictEqual } from "node:assert/strict";
import {
  type Channel,
  chooseChannelKind,
  openChannel,
} from "../../../../server/scheduling/process/channel.ts";

function connect({ address }: Channel): Promise<Deno.TcpConn> {
  if (address.kind !== "tcp") throw new Error("A channel over TCP is expected");
  return Deno.connect({ hostname: "127.0.0.1", port: address.port });
}

/** Resolves once the other end has closed; what it sent before is not looked at. */
async function waitForEnd(connection: Deno.Conn): Promise<void> {
  const buffer = new Uint8Array(64);
  try {
    while (await connection.read(buffer) !== null);
  } catch {
    // Closed with bytes that nobody has read.
  }
}

Deno.test("a channel over TCP lets in who says the token, in however many pieces, and what follows it is the channel's", async () => {
  const channel = openChannel("tcp", "/unused");
  strictEqual(channel.token.length, 32);
  const accepted = channel.accept();
  using connection = await connect(channel);
  await connection.write(channel.token.subarray(0, 5));
  await connection.write(Uint8Array.of(...channel.token.subarray(5), 1, 2, 3));
  const server = await accepted;
  const buffer = new Uint8Array(8);
  deepStrictEqual([await server?.read(buffer), ...buffer.subarray(0, 3)], [3, 1, 2, 3]);
  channel.close();
});

Deno.test("a channel over TCP is deaf once its process has connected", async () => {
  const channel = openChannel("tcp", "/unused");
  const accepted = channel.accept();
  using silent = await connect(channel);
  using connection = await connect(channel);
  await connection.write(channel.token);
  await accepted;
  await waitForEnd(silent);
  await rejects(() => connect(channel), /refused|reset/);
  channel.close();
});

Deno.test.each([
  { what: "a wrong token", toSaid: (token: Uint8Array) => token.with(31, token[31]! ^ 1) },
  { what: "another channel's token", toSaid: () => openAnotherToken() },
  { what: "half of the token and ends", toSaid: (token: Uint8Array) => token.subarray(0, 16) },
])("a channel over TCP closes who says $what, and waits on for its process", async ({ toSaid }) => {
  const channel = openChannel("tcp", "/unused");
  const accepted = channel.accept();
  using stranger = await connect(channel);
  await stranger.write(toSaid(channel.token) as Uint8Array<ArrayBuffer>);
  await stranger.closeWrite();
  await waitForEnd(stranger);
  using connection = await connect(channel);
  await connection.write(channel.token);
  strictEqual((await accepted)?.remoteAddr.transport, "tcp");
  channel.close();
});

function openAnotherToken(): Uint8Array {
  const other = openChannel("tcp", "/unused");
  other.close();
  return other.token;
}

Deno.test("a channel over TCP keeps 64 silent connections at most, and its process gets in beside them", async () => {
  const channel = openChannel("tcp", "/unused");
  const accepted = channel.accept();
  const silent: Deno.TcpConn[] = [];
  for (let i = 0; i < 65; i++) silent.push(await connect(channel));
  await waitForEnd(silent[0]!);
  using connection = await connect(channel);
  await connection.write(channel.token);
  strictEqual((await accepted)?.remoteAddr.transport, "tcp");
  await Promise.all(silent.map(waitForEnd));
  silent.forEach((one) => one.close());
  channel.close();
});

Deno.test("a channel over TCP that is closed before anybody connects answers nothing", async () => {
  const channel = openChannel("tcp", "/unused");
  const accepted = channel.accept();
  channel.close();
  strictEqual(await accepted, undefined);
  await rejects(() => connect(channel), /refused|reset/);
});

Deno.test.each(
  [{ os: "windows", kind: "tcp" }, { os: "linux", kind: "unix" }, {
    os: "darwin",
    kind: "unix",
  }] as const,
)("chooseChannelKind() takes $kind on $os", ({ os, kind }) => {
  strictEqual(chooseChannelKind(os), kind);
});
