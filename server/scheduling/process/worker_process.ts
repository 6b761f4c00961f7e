/** The server's side of a worker that is a process. */

import type {
  CarrierEvents,
  CarrierOptions,
  StartCarrier,
  WorkerCarrier,
  WorkerProcess,
} from "../carrier.ts";
import type { Clock } from "../clock.ts";
import type { LoadMessage, ToWorkerMessage, WireFailure } from "../protocol.ts";
import { spawnChild, type SpawnParts } from "./_child_start.ts";
import { OutputLines } from "./_output_lines.ts";
import { describeEnd, describeExcess } from "./_process_failure.ts";
import { type Channel, type ChannelKind, chooseChannelKind, openChannel } from "./channel.ts";
import { FrameError } from "./frame.ts";
import { FrameWriter } from "./frame_writer.ts";
import { readFrames } from "./frame_reader.ts";
import type { MemoryGroup, MemoryGroups } from "./memory_groups.ts";
import { MemoryWatch } from "./memory_watch.ts";
import { readWorkerMessage } from "./read_message.ts";
import { RecyclingCarrier } from "./recycling_carrier.ts";
import { toFrame } from "./to_frame.ts";

/** What a frame may have beside answers: logs, metrics, headers. */
const FRAME_ALLOWANCE_BYTES = 16 * 1024 * 1024;

export interface WorkerProcessParts extends SpawnParts {
  readonly clock: Clock;
  /** A folder of the server's own, absolute: sockets stand there for a moment. */
  readonly tempDir: string;
  /** What server and processes talk over, the system's best unless given. */
  readonly channelKind?: ChannelKind;
  /** What limits memory where the system allows it; absent: the server looks at each process by itself. */
  readonly memoryGroups?: MemoryGroups;
}

/**
 * Makes what starts a process for one model folder.
 *
 * The caller ends it with `terminate()`, which kills it: the system takes back all that it had. Whatever
 * else becomes of the process, and whatever it sends, becomes one `onFailure`.
 */
export function createProcessStarter(parts: WorkerProcessParts): StartCarrier {
  const start: StartCarrier = (options, events) => new ProcessCarrier(options, events, parts);
  return (options, events) => {
    const { recycle: rules } = options;
    if (rules === undefined) return start(options, events);
    return new RecyclingCarrier(options, events, { rules, start, clock: parts.clock });
  };
}

class ProcessCarrier implements WorkerCarrier {
  readonly #options: CarrierOptions;
  readonly #events: CarrierEvents;
  readonly #writer = new FrameWriter();
  readonly #output: OutputLines;
  #channel: Channel | undefined;
  #child: Deno.ChildProcess | undefined;
  /** Resolves once the process's stdin may be closed. */
  #told: Promise<void> | undefined;
  #memory: MemoryWatch | undefined;
  #group: MemoryGroup | undefined;
  #nativeDir: string | undefined;
  #maxFrameBytes = FRAME_ALLOWANCE_BYTES;
  /** Nothing is told any more: it was ended, or its end has been told. */
  #isOver = false;
  #hasExited = false;

  constructor(options: CarrierOptions, events: CarrierEvents, parts: WorkerProcessParts) {
    this.#options = options;
    this.#events = events;
    this.#output = new OutputLines(parts.clock, (line) => {
      if (this.#isOver) return;
      const message = { type: "log", source: "worker", level: "info", message: line } as const;
      this.#deliver(message);
    });
    try {
      this.#start(parts);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      queueMicrotask(() => this.#fail({ message: `The worker's process cannot start: ${reason}` }));
    }
  }

  get process(): WorkerProcess | undefined {
    if (this.#child === undefined) return undefined;
    return {
      pid: this.#child.pid,
      memoryBytes: this.#memory?.bytes ?? 0,
      memorySeenAtMs: this.#memory?.seenAtMs,
    };
  }

  post(message: ToWorkerMessage): void {
    if (message.type === "load") {
      this.#maxFrameBytes = toMaxFrameBytes(message);
      message = { ...message, nativeDir: this.#nativeDir };
    }
    this.#writer.send(toFrame(message));
  }

  terminate(): void {
    this.#isOver = true;
    this.#end();
  }

  #start(parts: WorkerProcessParts): void {
    const { clock, tempDir, nativeDir, memoryGroups, channelKind = chooseChannelKind() } = parts;
    this.#nativeDir = nativeDir;
    const channel = this.#channel = openChannel(channelKind, tempDir);
    const { child, told } = spawnChild(this.#options, channel, parts);
    this.#child = child;
    this.#told = told;
    const { memoryLimitBytes: limitBytes } = this.#options;
    if (limitBytes !== undefined) this.#group = memoryGroups?.confine(child.pid, limitBytes);
    this.#memory = new MemoryWatch({
      pid: child.pid,
      clock,
      limitBytes: this.#group === undefined ? limitBytes : undefined,
      onExceeded: (bytes) => this.#fail(describeExcess(limitBytes!, bytes)),
    });
    const outputs = [this.#output.collect(child.stdout), this.#output.collect(child.stderr)];
    // The last lines come before the reason is told.
    Promise.all([child.status, ...outputs]).then(([status]) => {
      this.#hasExited = true;
      this.#fail(
        this.#group?.hasRunOut()
          ? describeExcess(limitBytes!)
          : describeEnd(status, this.#output.last, limitBytes),
      );
      this.#group?.remove();
    });
    this.#converse(channel);
  }

  async #converse(channel: Channel): Promise<void> {
    const connection = await channel.accept();
    if (connection === undefined) return;
    if (this.#isOver) return channel.close();
    this.#writer.connect(connection);
    try {
      await readFrames(connection, {
        maxFrameBytes: () => this.#maxFrameBytes,
        onFrame: (header, segments) => this.#deliver(readWorkerMessage(header, segments)),
      });
    } catch (error) {
      if (error instanceof FrameError) this.#fail({ message: error.message });
    }
    // The process has ended, or goes on without its channel and is of no use: how it ended is told then.
    this.#kill();
  }

  #deliver(message: Parameters<CarrierEvents["onMessage"]>[0]): void {
    if (!this.#isOver) this.#events.onMessage(message);
  }

  #fail(failure: WireFailure): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#end();
    this.#events.onFailure(failure);
  }

  #end(): void {
    this.#memory?.stop();
    this.#kill();
    this.#channel?.close();
    this.#told?.then(() => this.#child?.stdin.close()).catch(() => {});
  }

  #kill(): void {
    if (this.#hasExited) return;
    try {
      this.#child?.kill("SIGKILL");
    } catch {
      // It has ended by itself a moment ago.
    }
  }
}

function toMaxFrameBytes({ batchSize, maxResponseBytes }: LoadMessage): number {
  return batchSize * maxResponseBytes + FRAME_ALLOWANCE_BYTES;
}
