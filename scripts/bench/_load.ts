/** Load on one URL: `wrk` where it is installed, a generator of our own otherwise. */
import { join } from "node:path";
import { hasCommand, runScript, runToEnd } from "./_process.ts";

export interface LoadOptions {
  readonly url: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly contentType: string;
  readonly connections: number;
  readonly seconds: number;
}

export interface LoadOutcome {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What a generator prints, as one line of JSON. */
interface RawOutcome extends LoadOutcome {
  /** Answers that are not 2xx, and connections that broke. */
  readonly errors: number;
}

export type LoadGenerator = (options: LoadOptions) => Promise<LoadOutcome>;

/** Chooses the generator; its name belongs beside each figure it makes. */
export async function createLoadGenerator(
  scratchDir: string,
): Promise<{ readonly name: string; readonly generate: LoadGenerator }> {
  const isWrk = await hasCommand("wrk");
  const generate: LoadGenerator = async (options) => {
    const bodyPath = join(scratchDir, "load-body");
    await Deno.writeFile(bodyPath, options.body);
    const output = isWrk ? await runWrk(options, bodyPath) : await runOwn(options, bodyPath);
    const { errors, ...outcome } = JSON.parse(output.trim().split("\n").at(-1)!) as RawOutcome;
    if (errors > 0) {
      throw new Error(
        `Cannot measure ${options.url}: expected 2xx answers only, received ${errors} failures, ` +
          `and now ${await askOnce(options)}`,
      );
    }
    return outcome;
  };
  return { name: isWrk ? "wrk, one thread" : "load_client.ts, one process of Deno", generate };
}

/** What the server says when it is asked once more: the reason of failures that the generator only counts. */
async function askOnce({ url, body, contentType }: LoadOptions): Promise<string> {
  try {
    const headers = { "content-type": contentType };
    const answer = await fetch(url, { method: "POST", headers, body });
    return `${answer.status} ${(await answer.text()).slice(0, 300)}`;
  } catch (error) {
    return `no answer: ${(error as Error).message}`;
  }
}

function runWrk(options: LoadOptions, bodyPath: string): Promise<string> {
  const script = new URL("./load.lua", import.meta.url).pathname;
  return runToEnd("wrk", [
    "-t1",
    `-c${options.connections}`,
    `-d${options.seconds}s`,
    "--timeout",
    "30s",
    "-s",
    script,
    options.url,
    bodyPath,
    options.contentType,
  ]);
}

function runOwn(options: LoadOptions, bodyPath: string): Promise<string> {
  return runScript("load_client.ts", [
    options.url,
    bodyPath,
    options.contentType,
    String(options.connections),
    String(options.seconds),
  ]);
}
