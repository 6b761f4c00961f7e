import { deepStrictEqual, strictEqual } from "node:assert/strict";
import fc from "fast-check";
import {
  parseServeFlags,
  readServerConfig,
  type ServerConfig,
} from "../../../server/config/mod.ts";
import { SnapshotWriter } from "../../../server/snapshots/mod.ts";
import { TempFolder } from "../../support/temp_folder.ts";
import { createRestored } from "./_models.ts";

/** Reads a config as a start in this folder does; `logs/config` is where its snapshots are. */
async function readConfig(cwd: string, ...args: string[]): Promise<ServerConfig> {
  const environment = {};
  return (await readServerConfig(parseServeFlags(args), { environment, cwd })).config;
}

/** All but where it was read from, and what a snapshot adds. */
function toSettings({ configFile: _, restorePoint: __, ...settings }: ServerConfig): unknown {
  return settings;
}

const text = fc.string({
  unit: fc.constantFrom(":", "=", "\\", "#", "!", " ", '"', "'", "é", "\u{1f600}", "a", "$", ","),
}).filter((value) => value.trim() === value);
const modelsArbitrary = fc.dictionary(
  fc.stringMatching(/^[a-z][a-z0-9_.-]{0,5}$/),
  fc.dictionary(
    fc.stringMatching(/^[0-9]\.[0-9]$/),
    fc.record({
      minWorkers: fc.integer({ min: 1, max: 3 }),
      maxWorkers: fc.integer({ min: 3, max: 6 }),
      batchSize: fc.integer({ min: 1, max: 64 }),
      runtimeType: fc.constant("python"),
    }),
  ),
);

Deno.test("a config, its snapshot and the config that is read from it are equal (§7, T31)", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.record({
        cors_allowed_origin: text,
        keystore_pass: text,
        default_service_handler: text,
        models: modelsArbitrary.map((models) => JSON.stringify(models, null, 2)),
        job_queue_size: fc.integer({ min: 1, max: 1000 }).map(String),
        default_response_timeout: fc.integer({ min: 1, max: 1000 }).map(String),
        enable_model_api: fc.boolean().map(String),
        disable_token_authorization: fc.boolean().map(String),
        inference_address: fc.integer({ min: 1, max: 65535 })
          .map((port) => `http://127.0.0.1:${port}`),
      }, { requiredKeys: [] }),
      async (settings) => {
        await using folder = await TempFolder.create();
        const store = folder.at("a store: 1=2");
        await Deno.mkdir(store);
        const lines = Object.entries(settings)
          .filter(([, value]) => value !== undefined)
          .map(([key, value]) =>
            `${key}=${value!.replaceAll("\\", "\\\\").replaceAll("\n", "\\\n")}\n`
          );
        await folder.write("config.properties", lines.join(""));
        const first = await readConfig(folder.path, "--model-store", store);
        const models = [createRestored({})];
        const writer = new SnapshotWriter({
          dir: first.snapshotDir!,
          describe: () => ({ models, traffic: {} }),
          properties: first.properties,
          configFile: first.configFile!,
          serverVersion: "0.1.0",
          now: () => new Date(),
          onFailure: (error) => {
            throw error;
          },
        });
        await writer.mark("shutdown");
        const second = await readConfig(folder.path);
        deepStrictEqual(toSettings(second), toSettings(first));
        deepStrictEqual(second.restorePoint!.models, models);
        strictEqual(second.restorePoint!.file.startsWith(first.snapshotDir!), true);
      },
    ),
    { numRuns: 60 },
  );
});

Deno.test("a start without --ncs reads the newest snapshot and neither config.properties nor --models (§7, T33)", async () => {
  await using folder = await TempFolder.create();
  await folder.write("store/a.mar");
  await folder.write("config.properties", "model_store=store\njob_queue_size=7\nload_models=all\n");
  await folder.write(
    "logs/config/20261121024541133-shutdown.cfg",
    'model_store=store\njob_queue_size=9\nmodel_snapshot={"models"\\: {}}\n',
  );
  const flags = parseServeFlags(["--models", "a.mar"]);
  const options = { environment: {}, cwd: folder.path };
  const { config, warnings } = await readServerConfig(flags, options);
  strictEqual(config.jobQueueSize, 9);
  deepStrictEqual(config.restorePoint!.models, []);
  const told = warnings.filter((text) => text.includes("20261121024541133-shutdown.cfg"));
  strictEqual(told.some((text) => text.includes("--ncs")), true, warnings.join("\n"));

  const without = await readConfig(folder.path, "--ncs", "--models", "a.mar");
  strictEqual(without.jobQueueSize, 7);
  deepStrictEqual([without.restorePoint, without.snapshotDir], [undefined, undefined]);
  deepStrictEqual(without.startupModels, [{ url: "a.mar" }]);
});

Deno.test("a start with --ts-config some.cfg restores that snapshot and not the newest one (§7)", async () => {
  await using folder = await TempFolder.create();
  await Deno.mkdir(folder.at("store"));
  const snapshot = (url: string) =>
    `model_store=store\nmodel_snapshot={"models":{"noop":{"1.0":{"marName":"${url}"}}}}\n`;
  const older = await folder.write("older.cfg", snapshot("older.mar"));
  await folder.write("logs/config/20261121024541133-shutdown.cfg", snapshot("newest.mar"));
  const config = await readConfig(folder.path, "--ts-config", older);
  deepStrictEqual(config.restorePoint!.models.map(({ url }) => url), ["older.mar"]);
});
