import { match, rejects, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { readTlsConfig } from "../../../server/config/mod.ts";
import type { ListenAddress, TlsConfig } from "../../../server/config/mod.ts";
import { type Listener, startListener } from "../../../server/http/mod.ts";

const TLS_DIR = fileURLToPath(new URL("../../testdata/tls/", import.meta.url));
const ADDRESS: ListenAddress = { transport: "tcp", hostname: "127.0.0.1", port: 0, isTls: true };
const HAS_CURL = hasCurl();

function hasCurl(): boolean {
  try {
    return new Deno.Command("curl", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}

async function openListener(tls: TlsConfig | undefined): Promise<Listener & AsyncDisposable> {
  const app = (request: Request) => new Response(new URL(request.url).origin);
  const listener = await startListener({ address: ADDRESS, tls, app });
  return { ...listener, [Symbol.asyncDispose]: () => listener.close() };
}

function at(name: string): string {
  return TLS_DIR + name;
}

Deno.test.each([
  { name: "PKCS8", source: { privateKeyFile: "rsa_pkcs8.key", certificateFile: "rsa_chain.crt" } },
  { name: "PKCS1", source: { privateKeyFile: "rsa_pkcs1.key", certificateFile: "rsa_chain.crt" } },
  { name: "SEC1", source: { privateKeyFile: "ec_sec1.key", certificateFile: "ec_chain.crt" } },
  { name: "PKCS12", source: { keystore: "rsa_modern.p12" } },
  { name: "PKCS12 of an EC key", source: { keystore: "ec_password.p12", keystorePass: "marina" } },
])(
  "startListener() answers over TLS with a $name key, and proves itself by the whole chain (§1.1)",
  async ({ source }) => {
    const files = Object.entries(source).map(([key, value]) => [
      key,
      key === "keystorePass" ? value : at(value),
    ]);
    await using listener = await openListener(await readTlsConfig(Object.fromEntries(files)));
    match(listener.url, /^https:\/\/127\.0\.0\.1:[1-9]\d*$/);
    const caCerts = [await Deno.readTextFile(at("root.crt"))];
    using client = Deno.createHttpClient({ caCerts });
    const response = await fetch(`${listener.url}/x`, { client });
    strictEqual(await response.text(), listener.url);
  },
);

for (const version of ["1.2", "1.3"]) {
  Deno.test({
    name: `startListener() takes clients of TLS ${version} alone (T44)`,
    ignore: !HAS_CURL,
    async fn() {
      const tls = await readTlsConfig({ keystore: at("rsa_legacy.p12") });
      await using listener = await openListener(tls);
      const flags = [`--tlsv${version}`, "--tls-max", version, "--cacert", at("root.crt")];
      const args = ["-sS", ...flags, `${listener.url}/x`];
      const { stdout, stderr } = await new Deno.Command("curl", { args }).output();
      const decoder = new TextDecoder();
      strictEqual(decoder.decode(stderr) + decoder.decode(stdout), listener.url);
    },
  });
}

Deno.test("startListener() gives plain HTTP no answer on a TLS port, TorchServe says 403 there (§1.1)", async () => {
  await using listener = await openListener(
    await readTlsConfig({ keystore: at("rsa_modern.p12") }),
  );
  await rejects(fetch(listener.url.replace("https", "http")), TypeError);
  const { hostname, port } = new URL(listener.url);
  using connection = await Deno.connect({ hostname, port: Number(port) });
  await connection.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
  const buffer = new Uint8Array(100);
  const count = await connection.read(buffer);
  // A TLS alert at most: 21 is its record type (RFC 8446, 5.1).
  strictEqual(count === null ? 21 : buffer[0], 21);
});

Deno.test("startListener() refuses a TLS address without a key", async () => {
  await rejects(openListener(undefined), {
    name: "TypeError",
    message: "Cannot listen with TLS: a key and a certificate are required, found none",
  });
});
