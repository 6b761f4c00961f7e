import type { ChannelAddress } from "./channel.ts";

/** What a worker's process is told on its command line; no secret is among it. */
export interface ChildOptions {
  /** What to connect to. */
  readonly channel: ChannelAddress;
  /** Whose end is the worker's end. */
  readonly parentPid: number;
  readonly modelDir: string;
  readonly name: string;
  /** See `nativeDir` of `LoadMessage`. */
  readonly nativeDir?: string;
  /** The C library, where there is one to ask; absent: a thread watches the parent. */
  readonly libc?: string;
}

/** @throws {SyntaxError} If the text is not what the server writes. */
export function parseChildOptions(text: string | undefined): ChildOptions {
  const value: Partial<ChildOptions> | null = JSON.parse(text ?? "null");
  if (typeof value?.channel?.kind !== "string" || typeof value.modelDir !== "string") {
    throw new SyntaxError('Cannot run "worker": the server starts it by itself');
  }
  return value as ChildOptions;
}
