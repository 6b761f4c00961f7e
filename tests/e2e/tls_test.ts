import { match, strictEqual } from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { runMarina, startMarina } from "../support/marina_process.ts";
import { createModelStore } from "../support/model_store.ts";
import { TempFolder } from "../support/temp_folder.ts";

const TLS_DIR = fileURLToPath(new URL("../testdata/tls/", import.meta.url));
const EVERY_PORT = {
  inference_address: "https://127.0.0.1:0",
  management_address: "https://127.0.0.1:0",
  metrics_address: "https://127.0.0.1:0",
};

interface TlsCase {
  readonly name: string;
  readonly config: Readonly<Record<string, string>>;
}

const TLS_CASES: readonly TlsCase[] = [
  {
    name: "private_key_file and certificate_file",
    config: {
      private_key_file: `${TLS_DIR}rsa_pkcs1.key`,
      certificate_file: `${TLS_DIR}rsa_chain.crt`,
    },
  },
  {
    name: "keystore and keystore_pass",
    config: {
      keystore: `${TLS_DIR}ec_password.p12`,
      keystore_pass: "marina",
      keystore_type: "PKCS12",
    },
  },
];

Deno.test.each(TLS_CASES)(
  "serve speaks TLS on its three ports with $name (§1.1, §2 private_key_file, certificate_file, keystore, keystore_pass, keystore_type)",
  async ({ config }) => {
    await using store = await createModelStore({});
    await using marina = await startMarina({
      args: ["--model-store", store.dir, "--ncs"],
      config: { ...EVERY_PORT, ...config },
    });
    const caCerts = [await Deno.readTextFile(`${TLS_DIR}root.crt`)];
    using client = Deno.createHttpClient({ caCerts });
    const urls = [
      `${marina.inferenceUrl}/ping`,
      `${marina.managementUrl}/models`,
      `${marina.metricsUrl}/metrics`,
    ];
    for (const url of urls) {
      match(url, /^https:/);
      const response = await fetch(url, { client });
      strictEqual(response.status, 200);
      await response.body?.cancel();
    }
  },
);

Deno.test("serve makes a throw-away certificate when https has none, and warns (§1.1)", async () => {
  await using store = await createModelStore({});
  await using marina = await startMarina({
    args: ["--model-store", store.dir, "--ncs"],
    config: { inference_address: "https://127.0.0.1:0" },
  });
  match(
    await marina.waitForStderr(/throw-away certificate/),
    /clients cannot verify; set private_key_file and certificate_file, or keystore/,
  );
  using client = Deno.createHttpClient({ caCerts: [await readCertificate(marina.inferenceUrl)] });
  const response = await fetch(`${marina.inferenceUrl}/ping`, { client });
  strictEqual((await response.json()).status, "Healthy");
});

Deno.test("serve does not start with a keystore that its password does not open", async () => {
  await using store = await createModelStore({});
  await using folder = await TempFolder.create();
  const config = await folder.write(
    "config.properties",
    `inference_address=https://127.0.0.1:0\nkeystore=${TLS_DIR}ec_password.p12\nkeystore_pass=secret-pass\n`,
  );
  const { code, stderr } = await runMarina(
    ["serve", "--model-store", store.dir, "--ts-config", config, "--disable-token-auth"],
    { env: { LOG_LOCATION: folder.at("logs") } },
  );
  strictEqual(code, 1);
  match(stderr, /"keystore_pass" must be the password of "ec_password\.p12"/);
  strictEqual(stderr.includes("secret-pass"), false);
});

/** The certificate that a server shows. */
async function readCertificate(url: string): Promise<string> {
  const { connect } = await import("node:tls");
  const { X509Certificate } = await import("node:crypto");
  const { hostname, port } = new URL(url);
  return await new Promise((resolve, reject) => {
    const socket = connect(
      { host: hostname, port: Number(port), rejectUnauthorized: false },
      () => {
        const { raw } = socket.getPeerCertificate();
        socket.on("close", () => resolve(new X509Certificate(raw).toString()));
        socket.destroy();
      },
    );
    socket.on("error", reject);
  });
}
