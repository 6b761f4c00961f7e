import type { Connection, HttpApp } from "./http_app.ts";

/** One request and what it was answered, for the access log, for metrics and for whoever counts. */
export interface Exchange {
  readonly method: string;
  /** Absolute, as `Request.url` gives it, with its query. */
  readonly url: string;
  readonly status: number;
  /** The answer's `x-request-id`. */
  readonly requestId: string | undefined;
  /** When the request's head had arrived, milliseconds since the epoch. */
  readonly startedAtMs: number;
  /** When the answer was handed to the runtime; of a stream, when its last chunk was, or its client left. */
  readonly endedAtMs: number;
  readonly connection: Connection | undefined;
}

/** Told of each request once, after it was answered. Runs on the hot path, and must not throw. */
export interface ExchangeObserver {
  onAnswered(exchange: Exchange): void;
}

const REQUEST_ID = Symbol("request id");
const IS_STREAMED = Symbol("is streamed");

/** What is known of an answer besides what it says: looking its id up among its headers costs more. */
interface KnownResponse extends Response {
  [REQUEST_ID]?: string;
  /** Its body arrives after its head; other answers are over when they are there. */
  [IS_STREAMED]?: true;
}

/** Says which request a response answers; the header of that name is the caller's to set. */
export function markRequestId(response: KnownResponse, requestId: string): void {
  response[REQUEST_ID] = requestId;
}

/** Says that a response's body is still being made, so that its exchange ends with it. */
export function markStreamed(response: KnownResponse): void {
  response[IS_STREAMED] = true;
}

/**
 * The same app, with each exchange told to the observers in turn.
 *
 * A client that leaves early is counted with the status that it would have got. A streamed answer is told
 * once, at its end, with the status that its head had.
 *
 * @returns `app` itself when there is nobody to tell.
 */
export function observeExchanges(app: HttpApp, observers: readonly ExchangeObserver[]): HttpApp {
  if (observers.length === 0) return app;
  const tell = observers.length === 1
    ? (exchange: Exchange): void => observers[0]!.onAnswered(exchange)
    : (exchange: Exchange): void => {
      for (const observer of observers) observer.onAnswered(exchange);
    };
  const finish = (observed: ObservedExchange, response: KnownResponse): Response => {
    if (response[IS_STREAMED]) return observeStream(response, observed, tell);
    observed.end(response);
    tell(observed);
    return response;
  };
  return (request, connection) => {
    const observed = new ObservedExchange(request, connection);
    const answered = app(request, connection);
    return answered instanceof Response
      ? finish(observed, answered)
      : answered.then((response) => finish(observed, response));
  };
}

class ObservedExchange implements Exchange {
  readonly startedAtMs = Date.now();
  readonly method: string;
  readonly url: string;
  endedAtMs = 0;
  status = 0;
  requestId: string | undefined;

  constructor(request: Request, readonly connection: Connection | undefined) {
    this.method = request.method;
    this.url = request.url;
  }

  end(response: KnownResponse): void {
    this.status = response.status;
    // The router answers HEAD by a copy of the answer to GET.
    this.requestId = response[REQUEST_ID] ?? response.headers.get("x-request-id") ?? undefined;
    this.endedAtMs = Date.now();
  }
}

/** Passes the chunks on one by one, as the client takes them, and tells of their end however it comes. */
function observeStream(
  response: Response,
  observed: ObservedExchange,
  tell: (exchange: Exchange) => void,
): Response {
  const reader = response.body!.getReader();
  let isTold = false;
  const end = (): void => {
    if (isTold) return;
    isTold = true;
    observed.end(response);
    tell(observed);
  };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      try {
        const { value, done } = await reader.read();
        if (!done) return controller.enqueue(value);
        controller.close();
        end();
      } catch (error) {
        controller.error(error);
        end();
      }
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  }, { highWaterMark: 0 });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}
