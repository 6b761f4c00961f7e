import { timingSafeEqual } from "node:crypto";
import type { Channel, ChannelAddress } from "./channel.ts";

/** 256 bits. */
export const TOKEN_BYTES = 32;

/** Only this machine can reach it; other users of it can, too, and are asked for the token. */
export const LOOPBACK = "127.0.0.1";

/** Connections that have not said the token yet; beyond it the oldest one is closed. */
const MAX_UNPROVEN = 64;

/**
 * A port of the loopback address that is open until one process has connected which knows the token.
 *
 * For systems without Unix sockets. Whoever says anything else is closed, and the rest of them once the
 * right one is there.
 */
export class TcpChannel implements Channel {
  readonly address: ChannelAddress;
  readonly token: Uint8Array<ArrayBuffer> = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
  readonly #listener: Deno.TcpListener;
  readonly #unproven = new Set<Deno.TcpConn>();
  readonly #proven = Promise.withResolvers<Deno.TcpConn | undefined>();
  #connection: Deno.TcpConn | undefined;
  #isClosed = false;

  constructor() {
    this.#listener = Deno.listen({ hostname: LOOPBACK, port: 0 });
    this.address = { kind: "tcp", port: this.#listener.addr.port };
  }

  accept(): Promise<Deno.Conn | undefined> {
    this.#acceptAll();
    return this.#proven.promise;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#connection === undefined) this.#stopListening();
    else this.#connection.close();
    this.#proven.resolve(undefined);
  }

  async #acceptAll(): Promise<void> {
    try {
      for (;;) this.#take(await this.#listener.accept());
    } catch {
      // It listens no more.
    }
  }

  async #take(connection: Deno.TcpConn): Promise<void> {
    this.#unproven.add(connection);
    if (this.#unproven.size > MAX_UNPROVEN) this.#drop(this.#unproven.values().next().value!);
    const isKnown = await provesItself(connection, this.token);
    // Closed meanwhile, or one too many.
    if (!this.#unproven.has(connection)) return;
    if (!isKnown) return this.#drop(connection);
    this.#unproven.delete(connection);
    this.#connection = connection;
    this.#stopListening();
    try {
      connection.setNoDelay(true);
    } catch {
      // It has gone again, which its reader learns.
    }
    this.#proven.resolve(connection);
  }

  #drop(connection: Deno.TcpConn): void {
    this.#unproven.delete(connection);
    connection.close();
  }

  #stopListening(): void {
    this.#listener.close();
    for (const connection of this.#unproven) this.#drop(connection);
  }
}

/** Reads the token's length and compares, in the same time for every wrong one. */
async function provesItself(connection: Deno.TcpConn, token: Uint8Array): Promise<boolean> {
  const said = await readExactly(connection, token.length);
  return said !== undefined && timingSafeEqual(said, token);
}

/** Reads so many bytes; nothing when there are fewer. */
export async function readExactly(
  source: { read(target: Uint8Array): Promise<number | null> },
  length: number,
): Promise<Uint8Array<ArrayBuffer> | undefined> {
  const bytes = new Uint8Array(length);
  try {
    for (let filled = 0; filled < length;) {
      const count = await source.read(bytes.subarray(filled));
      if (count === null) return undefined;
      filled += count;
    }
  } catch {
    return undefined;
  }
  return bytes;
}
