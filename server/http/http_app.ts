/** What a listener knows of the connection of one request; read only where it is needed. */
export interface Connection {
  readonly remoteAddr: Deno.Addr;
}

/** Answers one request; never throws or rejects. In tests there may be no connection. */
export type HttpApp = (request: Request, connection?: Connection) => Response | Promise<Response>;
