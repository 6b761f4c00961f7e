import type { ListenAddress, TlsConfig } from "../config/mod.ts";
import type { HttpApp } from "./http_app.ts";

export interface StartListenerOptions {
  readonly address: ListenAddress;
  /** Needed when the address asks for TLS. */
  readonly tls?: TlsConfig;
  readonly app: HttpApp;
}

/** An open port. */
export interface Listener {
  /** `http://127.0.0.1:8080`, with the port that was taken, or `unix:/path`. */
  readonly url: string;
  /**
   * Takes no more connections, ends the idle ones, and resolves when the requests in flight are answered.
   * A request that is never answered keeps it waiting: the caller sets a deadline, and ends the process.
   */
  close(): Promise<void>;
}

/**
 * Opens one listener for one app.
 *
 * @throws {Deno.errors.AddrInUse} And the like, when the address cannot be had.
 */
export function startListener(options: StartListenerOptions): Listener {
  const { address, app } = options;
  if (address.transport === "unix") throw new TypeError("Unix sockets are not served yet");
  const { hostname, port } = address;
  const server = Deno.serve({ hostname, port, onListen: () => {} }, app);
  const shownHost = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `http://${shownHost}:${server.addr.port}`,
    close: () => server.shutdown(),
  };
}
