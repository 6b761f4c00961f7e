import { strictEqual } from "node:assert/strict";
import { ManagementClient } from "../support/management_client.ts";
import { type MarinaProcess, startMarina } from "../support/marina_process.ts";
import { TempFolder } from "../support/temp_folder.ts";

const CONFIG = `inference_address=http://127.0.0.1:0
management_address=http://127.0.0.1:0
metrics_address=http://127.0.0.1:0
disable_token_authorization=true
enable_model_api=true
`;

/** What a server's restarts have in common: its working folder, its snapshots and its model store. */
export class ServerHome implements AsyncDisposable {
  readonly folder: TempFolder;
  readonly #storeDir: string;

  private constructor(folder: TempFolder, storeDir: string) {
    this.folder = folder;
    this.#storeDir = storeDir;
  }

  static async create(storeDir: string, config = ""): Promise<ServerHome> {
    const folder = await TempFolder.create();
    await folder.write("config.properties", `${CONFIG}model_store=${storeDir}\n${config}`);
    return new ServerHome(folder, storeDir);
  }

  /** Starts the server as its operator would: nothing says which config file it is to read. */
  async start(args: readonly string[] = [], killAfterMs?: number): Promise<MarinaProcess> {
    return await startMarina({
      args,
      config: null,
      cwd: this.folder.path,
      env: { LOG_LOCATION: this.folder.at("logs"), TMPDIR: this.folder.path },
      killAfterMs,
    });
  }

  /** `startup`, `snapshot` …, in the order in which they were written. */
  async listSnapshots(): Promise<string[]> {
    return (await this.folder.list("logs/config")).map((name) =>
      name.split("-")[1]!.split(".")[0]!
    );
  }

  /** The path of the newest one. */
  async newestSnapshot(): Promise<string> {
    return this.folder.at(`logs/config/${(await this.folder.list("logs/config")).at(-1)!}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.folder[Symbol.asyncDispose]();
  }
}

/** By model name. */
export type DescribedState = Record<string, {
  readonly defaultVersion: string;
  readonly traffic: unknown;
  readonly versions: Record<string, unknown>[];
}>;

/** All that a restart has to give back, as the management port tells it. */
export async function describeState(marina: MarinaProcess): Promise<DescribedState> {
  const management = new ManagementClient(marina);
  const [status, list] = await management.call("GET /models") as [
    number,
    { models: { modelName: string }[] },
  ];
  strictEqual(status, 200);
  const state: DescribedState = {};
  for (const { modelName } of list.models) {
    const [byDefault] = await management.describe(modelName);
    state[modelName] = {
      defaultVersion: byDefault.modelVersion,
      traffic: (await management.call(`GET /models/${modelName}/traffic`))[1],
      versions: (await management.describe(`${modelName}/all`)).map((version) => ({
        modelVersion: version.modelVersion,
        modelUrl: version.modelUrl,
        runtime: version.runtime,
        minWorkers: version.minWorkers,
        maxWorkers: version.maxWorkers,
        batchSize: version.batchSize,
        maxBatchDelay: version.maxBatchDelay,
        responseTimeout: version.responseTimeout,
        startupTimeout: version.startupTimeout,
        loadedAtStartup: version.loadedAtStartup,
      })),
    };
  }
  return state;
}
