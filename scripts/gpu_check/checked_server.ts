import { join } from "node:path";
import { type MarinaProcess, startMarina } from "../../tests/support/marina_process.ts";

export type CheckedProvider = "cuda" | "webgpu";

/** A worker as the management address describes it. */
export interface WorkerState {
  readonly status: string;
  readonly executionProvider?: string;
  readonly gpuUsage: string;
  readonly failure?: { readonly message: string };
}

/** A server whose GPU workers have one provider and nothing else. */
export class CheckedServer {
  readonly #marina: MarinaProcess;

  constructor(marina: MarinaProcess) {
    this.#marina = marina;
  }

  static async start(storeDir: string, provider: CheckedProvider): Promise<CheckedServer> {
    const marina = await startMarina({
      args: ["--model-store", storeDir, "--models", "all", "--ncs"],
      config: { number_of_gpu: 1, default_response_timeout: 600, default_startup_timeout: 600 },
      env: { MARINA_GPU_PROVIDERS: provider, XDG_RUNTIME_DIR: storeDir },
    });
    return new CheckedServer(marina);
  }

  get pid(): number {
    return this.#marina.pid;
  }

  /** @throws {Error} If the answer is none of numbers. */
  async predict(model: string, body: Uint8Array<ArrayBuffer>): Promise<number[]> {
    const response = await fetch(`${this.#marina.inferenceUrl}/predictions/${model}`, {
      method: "POST",
      headers: { "content-type": "application/octet-stream" },
      body,
    });
    const answer = await response.json();
    if (response.status !== 200) {
      throw new Error(`Cannot ask "${model}": ${response.status} ${JSON.stringify(answer)}`);
    }
    return Array.isArray(answer) ? answer : answer.probabilities;
  }

  async describe(model: string): Promise<readonly WorkerState[]> {
    const response = await fetch(`${this.#marina.managementUrl}/models/${model}`);
    return (await response.json())[0].workers;
  }

  /** Answers once the workers are there, or gone. */
  async scale(model: string, workers: number): Promise<void> {
    const query = `min_worker=${workers}&max_worker=${workers}&synchronous=true`;
    const response = await fetch(`${this.#marina.managementUrl}/models/${model}?${query}`, {
      method: "PUT",
    });
    const text = await response.text();
    if (response.status === 200) return;
    const failure = (await this.describe(model)).find(({ failure }) => failure)?.failure?.message;
    throw new Error(`Cannot scale "${model}" to ${workers}: ${failure ?? text}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#marina[Symbol.asyncDispose]();
  }
}

/** Reads a digit's picture of the example. */
export async function readDigit(digit: number): Promise<Uint8Array<ArrayBuffer>> {
  const dir = new URL("../../examples/mnist/digits/", import.meta.url).pathname;
  return await Deno.readFile(join(dir, `${digit}.png`));
}
