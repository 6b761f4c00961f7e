/** The thread's own side of `bundleInThread()`: one folder, one file, one answer. */
import { BundleError } from "./bundle_error.ts";
import { bundleUnpacked } from "./bundle_unpacked.ts";
import type { BundleAnswer, BundleOrder } from "./bundle_in_thread.ts";

interface ThreadScope {
  postMessage(answer: BundleAnswer): void;
  onmessage: ((event: MessageEvent<BundleOrder>) => void) | null;
}

const scope = self as unknown as ThreadScope;

async function answer({ modelDir, file }: BundleOrder): Promise<BundleAnswer> {
  try {
    return { text: await bundleUnpacked(modelDir, file) };
  } catch (error) {
    if (!(error instanceof BundleError)) throw error;
    return { code: error.code, message: error.message, place: error.place };
  }
}

scope.onmessage = async ({ data }) => scope.postMessage(await answer(data));
