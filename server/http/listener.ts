import type { ListenAddress, TlsConfig } from "../config/mod.ts";
import type { HttpApp } from "./http_app.ts";
import { listenOnSocket, type ListenSettings } from "./_unix_listener.ts";

export interface StartListenerOptions {
  readonly address: ListenAddress;
  /** Needed when the address asks for TLS. */
  readonly tls?: TlsConfig;
  readonly app: HttpApp;
}

/** An open port, or socket. */
export interface Listener {
  /** `http://127.0.0.1:8080`, with the port that was taken, `https://…` with TLS, or `unix:/path`. */
  readonly url: string;
  /**
   * Takes no more connections, ends the idle ones, and resolves when the requests in flight are answered.
   * A request that is never answered keeps it waiting: the caller sets a deadline, and ends the process.
   */
  close(): Promise<void>;
}

/**
 * Opens one listener for one app: HTTP/1.1 and HTTP/2 on TCP, with TLS 1.2 and 1.3 where the address
 * asks for it, or on a Unix socket that its owner alone may use.
 *
 * A socket's file that no server listens on any more is replaced; the file goes when the listener ends.
 *
 * @throws {Deno.errors.AddrInUse} And the like, when the address cannot be had.
 */
export async function startListener(options: StartListenerOptions): Promise<Listener> {
  const { address, app } = options;
  const settings: ListenSettings = { onListen: () => {} };
  if (address.transport === "unix") {
    const server = await listenOnSocket(address.path, settings, app);
    return { url: `unix:${address.path}`, close: () => server.shutdown() };
  }
  const { hostname, port, isTls } = address;
  const server = Deno.serve({ hostname, port, ...settings, ...toTlsFields(options) }, app);
  const shownHost = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `${isTls ? "https" : "http"}://${shownHost}:${server.addr.port}`,
    close: () => server.shutdown(),
  };
}

function toTlsFields({ address, tls }: StartListenerOptions): { cert?: string; key?: string } {
  if (address.transport === "unix" || !address.isTls) return {};
  if (tls === undefined) {
    throw new TypeError("Cannot listen with TLS: a key and a certificate are required, found none");
  }
  return { cert: tls.certificatePem, key: tls.privateKeyPem };
}
