import { join } from "node:path";
import type { Channel, ChannelAddress } from "./channel.ts";

/** Bytes of a socket's path that every Unix takes. */
const MAX_SOCKET_PATH_BYTES = 103;

/** A socket that one process connects to, once, in a folder that nobody else may enter. */
export class UnixChannel implements Channel {
  readonly address: ChannelAddress;
  readonly token: Uint8Array<ArrayBuffer> = new Uint8Array();
  readonly #dir: string;
  readonly #listener: Deno.UnixListener;
  #connection: Deno.UnixConn | undefined;
  #isClosed = false;

  /** @param dir Where the folder is made; a shorter one is taken where a socket's path would be too long. */
  constructor(dir: string) {
    const isLong = new TextEncoder().encode(join(dir, "worker-0123456789abcdef", "s"))
      .length > MAX_SOCKET_PATH_BYTES;
    this.#dir = Deno.makeTempDirSync({ dir: isLong ? "/tmp" : dir, prefix: "worker-" });
    const path = join(this.#dir, "s");
    this.address = { kind: "unix", path };
    try {
      this.#listener = Deno.listen({ transport: "unix", path });
      Deno.chmodSync(path, 0o600);
    } catch (error) {
      this.#removeDir();
      throw error;
    }
  }

  async accept(): Promise<Deno.UnixConn | undefined> {
    try {
      this.#connection = await this.#listener.accept();
    } catch {
      return undefined;
    }
    this.#stopListening();
    return this.#connection;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (this.#connection === undefined) this.#stopListening();
    else this.#connection.close();
  }

  #stopListening(): void {
    this.#listener.close();
    this.#removeDir();
  }

  #removeDir(): void {
    try {
      Deno.removeSync(this.#dir, { recursive: true });
    } catch {
      // Somebody has tidied up already.
    }
  }
}
