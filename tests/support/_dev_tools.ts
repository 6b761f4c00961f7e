/** A connection of the DevTools protocol: numbered commands, answers by number, events by session. */

type Fields = Record<string, unknown>;

/** One event of a page. */
export type EventListener = (method: string, params: Fields) => void;

interface Message {
  readonly id?: number;
  readonly result?: Fields;
  readonly error?: { readonly message: string };
  readonly method?: string;
  readonly params?: Fields;
  readonly sessionId?: string;
}

export class DevTools {
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, PromiseWithResolvers<Fields>>();
  readonly #listeners = new Map<string, EventListener>();
  readonly #closed: Promise<void>;
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => this.#take(JSON.parse(data));
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#closed = promise;
    socket.onclose = () => {
      for (const { reject } of this.#pending.values()) reject(new Error("The browser has ended"));
      resolve();
    };
  }

  static async connect(url: string): Promise<DevTools> {
    const socket = new WebSocket(url);
    await new Promise<void>((resolve, reject) => {
      socket.onopen = () => resolve();
      socket.onerror = () => reject(new Error(`Cannot connect to ${url}`));
    });
    return new DevTools(socket);
  }

  /** @param sessionId The page's; the browser's own command without one. */
  async send(method: string, params: Fields, sessionId?: string): Promise<Fields> {
    const id = ++this.#lastId;
    const pending = Promise.withResolvers<Fields>();
    this.#pending.set(id, pending);
    this.#socket.send(JSON.stringify({ id, method, params, sessionId }));
    return await pending.promise;
  }

  listen(sessionId: string, listener: EventListener): void {
    this.#listeners.set(sessionId, listener);
  }

  /** Answers once the other side has closed, too. */
  async close(): Promise<void> {
    this.#socket.close();
    await this.#closed;
  }

  #take({ id, result, error, method, params, sessionId }: Message): void {
    if (id === undefined) {
      this.#listeners.get(sessionId ?? "")?.(method!, params!);
      return;
    }
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (error === undefined) pending?.resolve(result!);
    else pending?.reject(new Error(error.message));
  }
}
