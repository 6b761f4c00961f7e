/** How a server and the process of one of its workers find each other. */
import { TcpChannel } from "./_tcp_channel.ts";
import { UnixChannel } from "./_unix_channel.ts";

/** What the two ends talk over: `"unix"` where the system has such sockets, `"tcp"` on Windows. */
export type ChannelKind = "unix" | "tcp";

/** What a process is told about the channel; nothing of it is secret. */
export type ChannelAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly port: number };

/** One connection between a server and one process, from the server's side. */
export interface Channel {
  readonly address: ChannelAddress;
  /** What the process has to say to be let in, and what it is told through its stdin; empty: nothing. */
  readonly token: Uint8Array<ArrayBuffer>;
  /** Answers the one connection; nothing when the channel is closed before. Nobody else can connect then. */
  accept(): Promise<Deno.Conn | undefined>;
  close(): void;
}

/**
 * Opens a channel that waits for its process.
 *
 * @param dir A folder of the server's own, absolute: a Unix socket stands there for a moment.
 */
export function openChannel(kind: ChannelKind, dir: string): Channel {
  return kind === "unix" ? new UnixChannel(dir) : new TcpChannel();
}

/** The kind that is taken unless another is asked for. */
export function chooseChannelKind(os: typeof Deno.build.os = Deno.build.os): ChannelKind {
  return os === "windows" ? "tcp" : "unix";
}
