import type { HttpApp } from "./inference_app.ts";

export interface StartListenerOptions {
  readonly hostname: string;
  /** 0 takes any free one. */
  readonly port: number;
  readonly app: HttpApp;
}

/** An open port. */
export interface Listener {
  /** `http://127.0.0.1:8080`, with the port that was taken. */
  readonly url: string;
  /** Takes no more connections, and resolves when the requests in flight are answered. */
  close(): Promise<void>;
  /** Ends all connections at once; `close()` then resolves. */
  abort(): void;
}

/**
 * Opens one port for one app.
 *
 * @throws {Deno.errors.AddrInUse} And the like, when the address cannot be had.
 */
export function startListener(options: StartListenerOptions): Listener {
  const { hostname, port, app } = options;
  const controller = new AbortController();
  const server = Deno.serve({ hostname, port, signal: controller.signal, onListen: () => {} }, app);
  const shownHost = hostname.includes(":") ? `[${hostname}]` : hostname;
  return {
    url: `http://${shownHost}:${server.addr.port}`,
    close: () => server.shutdown(),
    abort: () => controller.abort(),
  };
}
