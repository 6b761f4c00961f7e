import { strictEqual } from "node:assert/strict";
import { type MarinaProcess, startMarina } from "./marina_process.ts";

/** A `handler.ts` that answers `ok`. */
export const NOOP_HANDLER = "export function handle(rows) {\n  return rows?.map(() => 'ok');\n}\n";

/** The management port as a client sees it. */
export class ManagementClient {
  readonly #url: string;

  constructor(marina: MarinaProcess) {
    this.#url = marina.managementUrl;
  }

  /** Status and body of one request, `"PUT /models/noop"`. */
  async call(line: string, json?: string): Promise<[number, unknown]> {
    const [method, path] = line.split(" ");
    const response = await fetch(this.#url + path, {
      method,
      headers: json === undefined ? {} : { "content-type": "application/json; charset=utf-8" },
      body: json,
    });
    strictEqual(response.headers.get("content-type"), "application/json");
    return [response.status, await response.json()];
  }

  // deno-lint-ignore no-explicit-any -- The answers' JSON, looked into by the tests.
  async describe(path: string): Promise<any[]> {
    const [status, body] = await this.call(`GET /models/${path}`);
    strictEqual(status, 200);
    return body as unknown[];
  }
}

/** The status and the body of an error, as `call` answers them. */
export function toError(code: number, type: string, message: string): [number, unknown] {
  return [code, { code, type, message }];
}

/** Starts a server that takes models in and out over HTTP, each with one worker unless it is told otherwise. */
export async function startWithModelApi(
  storeDir: string,
  ...args: string[]
): Promise<MarinaProcess> {
  return await startMarina({
    args: ["--model-store", storeDir, "--enable-model-api", ...args],
    config: { default_workers_per_model: 1 },
  });
}
