import { escapeControls, maskSecrets } from "../logging/mod.ts";
import type { Exchange, ExchangeObserver } from "./exchange.ts";

/** A Unix socket's clients have no address; TorchServe names them like this. */
const UNIX_CLIENT = "127.0.0.1";
/** What a path of the wire seldom holds, and a line of a log must not. */
// deno-lint-ignore no-control-regex -- controls are what it looks for
const UNSAFE_REGEXP = /["\u0000-\u001f\u007f-\u009f\u2028\u2029]/;

/**
 * One line for each exchange, in TorchServe's form and with the request's id at its end:
 *
 * ```text
 * /127.0.0.1:53514 "POST /models?url=mnist.mar HTTP/1.1" 405 0 5f3c1f0e-…
 * ```
 *
 * The client, the request, the status and the milliseconds. A token in the query is masked. The runtime does
 * not tell the version that was spoken: it always reads `HTTP/1.1`.
 *
 * @param write Receives the line, without its time and its line feed, and the time when the answer was given.
 */
export function createAccessLog(
  write: (line: string, atMs: number) => void,
): ExchangeObserver {
  // Most requests ask what the one before asked, and fare alike: they share the middle of their lines.
  let lastMethod = "";
  let lastUrl = "";
  let lastStatus = 0;
  let middle = "";
  return {
    onAnswered(exchange) {
      const { method, url, status, requestId, endedAtMs } = exchange;
      if (url !== lastUrl || status !== lastStatus || method !== lastMethod) {
        lastMethod = method;
        lastUrl = url;
        lastStatus = status;
        middle = ` "${method} ${toTarget(url)} HTTP/1.1" ${status} `;
      }
      const line = toClient(exchange) + middle + (endedAtMs - exchange.startedAtMs);
      write(requestId === undefined ? line : `${line} ${requestId}`, endedAtMs);
    },
  };
}

function toClient({ connection }: Exchange): string {
  const address = connection?.remoteAddr;
  if (address === undefined || !("hostname" in address)) return UNIX_CLIENT;
  const { hostname, port } = address;
  return hostname.includes(":") ? `/[${hostname}]:${port}` : `/${hostname}:${port}`;
}

/** Path and query of an absolute URL. */
function toTarget(url: string): string {
  const start = url.indexOf("/", url.indexOf("://") + 3);
  let target = start === -1 ? "/" : url.slice(start);
  if (target.includes("?")) target = maskSecrets(target);
  return UNSAFE_REGEXP.test(target) ? escapeControls(target).replaceAll('"', "%22") : target;
}
