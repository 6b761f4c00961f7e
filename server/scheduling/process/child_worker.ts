/** The worker's side of a worker that is a process: the hidden command `worker`. */

import { createThreadStarter } from "../worker_thread.ts";
import { WorkerCore } from "../worker/worker_core.ts";
import type { FromWorkerMessage, ToWorkerMessage } from "../protocol.ts";
import { bindToParent } from "./_parent_watch.ts";
import { connectChannel } from "./_connect_channel.ts";
import { type ChildOptions, parseChildOptions } from "./child_options.ts";
import { readFrames } from "./frame_reader.ts";
import { FrameWriter } from "./frame_writer.ts";
import { readSchedulerMessage } from "./read_message.ts";
import { toFrame } from "./to_frame.ts";

/** What a terminal or a supervisor sends to all processes at once; the server decides about its workers. */
const LEFT_TO_THE_SERVER = Deno.build.os === "windows"
  ? ["SIGINT", "SIGBREAK"] as const
  : ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs one worker until the server closes its channel. It never answers: this process ends by a signal of
 * its own, because handlers may not, and an ordinary end would wait for native libraries.
 */
export async function runChildWorker(args: readonly string[]): Promise<number> {
  const kill = Deno.kill;
  const options = parseChildOptions(args[0]);
  try {
    for (const signal of LEFT_TO_THE_SERVER) Deno.addSignalListener(signal, () => {});
    await serve(options);
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  }
  kill(Deno.pid, "SIGKILL");
  return await new Promise<number>(() => {});
}

async function serve(options: ChildOptions): Promise<void> {
  const connection = await connectChannel(options.channel);
  // Not before: it reads from stdin, too.
  if (!bindToParent(options)) return;
  const writer = new FrameWriter();
  writer.connect(connection);
  const receive = startCore(options, (message) => writer.send(toFrame(message)));
  await readFrames(connection, {
    maxFrameBytes: () => Number.MAX_SAFE_INTEGER,
    onFrame: (header, segments) => receive(readSchedulerMessage(header, segments)),
  });
}

/**
 * The worker runs here where this process's permissions are a worker's. A compiled program has those that
 * were compiled into it, which cannot be narrowed to one folder: there it runs in a thread with its own.
 */
function startCore(
  { name, modelDir, channel, nativeDir }: ChildOptions,
  post: (message: FromWorkerMessage) => void,
): (message: ToWorkerMessage) => void {
  if (Deno.permissions.querySync({ name: "run" }).state === "granted") {
    const thread = createThreadStarter(nativeDir)({ name, modelDir }, {
      onMessage: post,
      onFailure: (failure) => post({ type: "died", failure }),
    });
    return (message) => thread.post(message);
  }
  for (const name of ["net", "write", "import"] as const) Deno.permissions.revokeSync({ name });
  if (channel.kind === "unix") Deno.permissions.revokeSync({ name: "read", path: channel.path });
  const core = new WorkerCore(post);
  return (message) => core.receive(message);
}
