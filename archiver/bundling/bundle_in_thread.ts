import type { ArchiveErrorCode } from "../errors.ts";
import { BundleError, type HandlerPlace } from "./bundle_error.ts";
import { resolveBundlerDir } from "./_esbuild.ts";

/** A handler takes about a second; one that takes this long is made to. */
const TIMEOUT_MS = 60_000;

/** What the thread is asked. */
export interface BundleOrder {
  readonly modelDir: string;
  readonly file: string;
}

/** What it answers: the module, or what a {@linkcode BundleError} said. */
export type BundleAnswer =
  | { readonly text: string }
  | {
    readonly code: ArchiveErrorCode;
    readonly message: string;
    readonly place?: HandlerPlace | undefined;
  };

/**
 * `bundleUnpacked()` in a thread of its own, for servers: requests go on meanwhile, the bundler's memory is
 * given back, and code that nobody trusts is parsed where only its own folder can be read.
 *
 * @param modelDir Absolute, proved by `openArchive()`.
 * @param file Below it.
 * @throws {BundleError} As `bundleUnpacked()`; `handler_invalid` also for a handler that takes a minute.
 */
export async function bundleInThread(modelDir: string, file: string): Promise<string> {
  const thread = new Worker(new URL("./bundle_thread.ts", import.meta.url), {
    type: "module",
    name: "bundler",
    deno: {
      permissions: {
        read: [modelDir, resolveBundlerDir()],
        env: false,
        ffi: false,
        import: false,
        net: false,
        run: false,
        sys: false,
        write: false,
      },
    },
  });
  let timer: ReturnType<typeof setTimeout> | undefined;
  try {
    const answer = await new Promise<BundleAnswer>((resolve, reject) => {
      timer = setTimeout(() => resolve(createTimeoutAnswer(file)), TIMEOUT_MS);
      thread.onmessage = (event: MessageEvent<BundleAnswer>) => resolve(event.data);
      thread.onerror = (event) => {
        event.preventDefault();
        reject(new Error(`Cannot bundle handler "${file}": ${event.message}`));
      };
      thread.postMessage({ modelDir, file } satisfies BundleOrder);
    });
    if ("text" in answer) return answer.text;
    throw new BundleError(answer.code, answer.message, answer.place);
  } finally {
    clearTimeout(timer);
    thread.terminate();
  }
}

function createTimeoutAnswer(file: string): BundleAnswer {
  return {
    code: "handler_invalid",
    message: `Cannot bundle handler "${file}": it must take at most ${
      TIMEOUT_MS / 1000
    } s, found no end; pack it with marina archive`,
  };
}
