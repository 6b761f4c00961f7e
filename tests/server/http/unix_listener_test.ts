import { ok, rejects, strictEqual } from "node:assert/strict";
import { type Connection, type Listener, startListener } from "../../../server/http/mod.ts";
import { TempFolder } from "../../support/temp_folder.ts";

const ignore = Deno.build.os === "windows";

async function openListener(
  path: string,
  answer = (_connection?: Connection) => "app",
): Promise<Listener & AsyncDisposable> {
  const listener = await startListener({
    address: { transport: "unix", path },
    app: (_request, connection) => new Response(answer(connection)),
  });
  return { ...listener, [Symbol.asyncDispose]: () => listener.close() };
}

/** The body of one answer, asked for by hand. */
async function ask(path: string): Promise<string> {
  using connection = await Deno.connect({ transport: "unix", path });
  await connection.write(
    new TextEncoder().encode("GET /ping HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"),
  );
  const text = await new Response(connection.readable).text();
  return text.slice(text.indexOf("\r\n\r\n") + 4);
}

Deno.test({
  name:
    "startListener() answers on a Unix socket that its owner alone may use, and removes it (§2)",
  ignore,
  async fn() {
    await using folder = await TempFolder.create();
    const path = folder.at("marina.sock");
    {
      await using listener = await openListener(
        path,
        (connection) => connection!.remoteAddr.transport,
      );
      strictEqual(listener.url, `unix:${path}`);
      strictEqual((await Deno.stat(path)).mode! & 0o777, 0o600);
      strictEqual(await ask(path), "unix");
    }
    await rejects(Deno.stat(path), Deno.errors.NotFound);
    strictEqual(Deno.umask() & 0o700, 0, "the mask of before is back");
  },
});

Deno.test({
  name: "startListener() replaces the socket that a killed server left",
  ignore,
  async fn() {
    await using folder = await TempFolder.create();
    const path = folder.at("marina.sock");
    // A listener that is closed under another name leaves this one behind.
    const old = Deno.listen({ transport: "unix", path: folder.at("old.sock") });
    await Deno.rename(folder.at("old.sock"), path);
    old.close();
    ok((await Deno.stat(path)).isSocket);
    await using _ = await openListener(path);
    strictEqual(await ask(path), "app");
  },
});

Deno.test({
  name: "startListener() leaves a socket alone that a server listens on",
  ignore,
  async fn() {
    await using folder = await TempFolder.create();
    const path = folder.at("marina.sock");
    await using _ = await openListener(path, () => "first");
    await rejects(openListener(path, () => "second"), Deno.errors.AddrInUse);
    strictEqual(await ask(path), "first");
  },
});

Deno.test({
  name: "startListener() leaves a file alone that is no socket",
  ignore,
  async fn() {
    await using folder = await TempFolder.create();
    const path = await folder.write("model.mar");
    await rejects(openListener(path), Deno.errors.AlreadyExists);
    strictEqual(await Deno.readTextFile(path), "model.mar");
  },
});
