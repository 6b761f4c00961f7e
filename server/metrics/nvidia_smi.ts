/** What the driver's own tool answered. */
export type NvidiaSmiAnswer =
  | { readonly status: "answered"; readonly text: string }
  /** There is no such program; that does not change. */
  | { readonly status: "absent" }
  | { readonly status: "failed"; readonly reason: string };

const TIMEOUT_MS = 10_000;
/** A process that can be killed ends within milliseconds. */
const KILL_GRACE_MS = 1000;
/** A line has less than 200 bytes; a tool that goes on printing is none. */
const MAX_ANSWER_BYTES = 1 << 20;

export interface NvidiaSmiOptions {
  /** How long an answer may take. */
  readonly timeoutMs?: number;
}

/**
 * Asks `nvidia-smi`, which comes with NVIDIA's driver, about its devices.
 *
 * A driver that is stuck makes the tool hang where no signal reaches it: then the answer is a failure, and
 * nobody starts a second one while the first is still there.
 */
export class NvidiaSmi {
  readonly #timeoutMs: number;
  #isHanging = false;

  constructor({ timeoutMs = TIMEOUT_MS }: NvidiaSmiOptions = {}) {
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Asks for these fields of every device, a line each, separated by commas; numbers are without units.
   *
   * @param signal Ends the wait.
   */
  async query(fields: readonly string[], signal?: AbortSignal): Promise<NvidiaSmiAnswer> {
    if (this.#isHanging) return failed("an earlier one still hangs");
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command("nvidia-smi", {
        args: [`--query-gpu=${fields.join(",")}`, "--format=csv,noheader,nounits"],
        stdin: "null",
        stdout: "piped",
        stderr: "null",
      }).spawn();
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) return { status: "absent" };
      return failed(error instanceof Error ? error.message : String(error));
    }
    const timeout = AbortSignal.timeout(this.#timeoutMs);
    const stop = signal === undefined ? timeout : AbortSignal.any([timeout, signal]);
    return await this.#read(child, stop);
  }

  async #read(child: Deno.ChildProcess, stop: AbortSignal): Promise<NvidiaSmiAnswer> {
    const reader = child.stdout.getReader();
    const stopped = Promise.withResolvers<undefined>();
    const onStop = () => stopped.resolve(undefined);
    stop.addEventListener("abort", onStop, { once: true });
    this.#isHanging = true;
    const status = child.status.finally(() => this.#isHanging = false);
    try {
      const text = await Promise.race([readText(reader), stopped.promise]);
      const end = await Promise.race([status, stopped.promise]);
      if (text === undefined || end === undefined) {
        return failed(`no answer within ${this.#timeoutMs} ms`);
      }
      return end.success ? { status: "answered", text } : failed(`it ended with code ${end.code}`);
    } finally {
      stop.removeEventListener("abort", onStop);
      if (this.#isHanging) await endHanging(child, status);
      await reader.cancel();
    }
  }
}

function failed(reason: string): NvidiaSmiAnswer {
  return { status: "failed", reason };
}

async function readText(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done || text.length > MAX_ANSWER_BYTES) return text + decoder.decode();
    text += decoder.decode(value, { stream: true });
  }
}

/** Kills it and waits until it has gone; one that no signal reaches no longer keeps this process from ending. */
async function endHanging(child: Deno.ChildProcess, status: Promise<unknown>): Promise<void> {
  try {
    child.kill("SIGKILL");
  } catch {
    // It has ended by itself a moment ago.
  }
  const grace = Promise.withResolvers<void>();
  const timer = setTimeout(() => {
    child.unref();
    grace.resolve();
  }, KILL_GRACE_MS);
  await Promise.race([status, grace.promise]);
  clearTimeout(timer);
}
