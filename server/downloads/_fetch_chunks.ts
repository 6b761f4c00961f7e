/** One archive over HTTP: every hop is allowed before it is asked, and every address before it is dialled. */
import type { S3Credentials } from "../config/mod.ts";
import { resolveHost } from "./_addresses.ts";
import type { AllowedUrls } from "./allowed_urls.ts";
import { type DirectExchange, requestDirectly } from "./_direct_request.ts";
import { DownloadError } from "./download_error.ts";
import { parseRemoteUrl, toLogUrl } from "./remote_url.ts";
import { signS3Request } from "./_s3_signature.ts";

const MAX_REDIRECTS = 5;
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface FetchChunksOptions {
  readonly allowedUrls: AllowedUrls;
  readonly maxBytes: number;
  /** Sign requests to the first URL's origin with these. */
  readonly credentials?: S3Credentials;
  readonly signal: AbortSignal;
  /** Sees each request; absent when nobody does. */
  readonly traceExchange?: TraceExchange;
}

/** Has a request made, and may add to its headers. */
export type TraceExchange = (
  request: { readonly method: string; readonly url: URL; readonly headers: Headers },
  ask: () => Promise<DirectExchange>,
) => Promise<DirectExchange>;

/** A URL whose host has none but addresses that may be dialled. */
interface CheckedUrl {
  readonly url: URL;
  readonly addresses: readonly string[];
}

/** The host may not be dialled, though its URL is allowed. */
export class AddressRefusedError extends DownloadError {}

/**
 * The bytes of an archive at an allowed `http:` or `https:` URL, through at most five redirects.
 *
 * A name is resolved once: `http:` connections go to an address that was checked, whatever the name
 * resolves to a moment later; those of `https:` go to whoever proves to have the name.
 *
 * @param url As `parseRemoteUrl()` makes it, and allowed.
 * @throws {AddressRefusedError} If the first URL's host has an address that may not be dialled.
 * @throws {DownloadError} If it cannot be had for any other reason.
 */
export async function* fetchChunks(
  url: URL,
  options: FetchChunksOptions,
): AsyncGenerator<Uint8Array> {
  const { allowedUrls, maxBytes, credentials, signal } = options;
  let next = await checkUrl(url, allowedUrls);
  for (let redirects = 0;; redirects++) {
    const signs = credentials !== undefined && next.url.origin === url.origin;
    const headers = signs ? await signS3Request(next.url, credentials) : new Headers();
    const ask = () => startExchange(next, headers, signal);
    const asked = { method: "GET", url: next.url, headers };
    using exchange = await (options.traceExchange?.(asked, ask) ?? ask());
    const { status, body } = exchange;
    const location = exchange.headers.get("location");
    if (REDIRECT_STATUSES.has(status) && location !== null) {
      if (redirects === MAX_REDIRECTS) {
        throw new DownloadError(`more than ${MAX_REDIRECTS} redirects`);
      }
      next = await checkRedirect(next.url, location, allowedUrls);
      continue;
    }
    if (status !== 200) throw new DownloadError(`the server answered ${status}`);
    if (Number(exchange.headers.get("content-length")) > maxBytes) {
      throw new DownloadError(`the file is larger than ${maxBytes} bytes`);
    }
    yield* body;
    return;
  }
}

async function checkRedirect(
  from: URL,
  location: string,
  allowedUrls: AllowedUrls,
): Promise<CheckedUrl> {
  const href = URL.parse(location, from.href)?.href ?? "";
  const to = parseRemoteUrl(href);
  if (to === undefined || to.protocol === "file:") {
    throw new DownloadError("a redirect leads to what is no URL of a web server");
  }
  if (from.protocol === "https:" && to.protocol === "http:") {
    throw new DownloadError(`a redirect leads from https to ${toLogUrl(to)}`);
  }
  if (!allowedUrls.includes(to)) {
    throw new DownloadError(`a redirect leads to ${toLogUrl(to)}, which no allowed URL matches`);
  }
  try {
    return await checkUrl(to, allowedUrls);
  } catch (error) {
    if (!(error instanceof AddressRefusedError)) throw error;
    throw new DownloadError(`a redirect leads to ${toLogUrl(to)}: ${error.message}`);
  }
}

async function checkUrl(url: URL, allowedUrls: AllowedUrls): Promise<CheckedUrl> {
  let found;
  try {
    found = await resolveHost(url.hostname);
  } catch (cause) {
    throw new DownloadError(`the name "${url.hostname}" has no address`, { cause });
  }
  const refused = found.find(({ isPublic }) => !isPublic);
  if (refused !== undefined && !allowedUrls.namesHostOf(url)) {
    throw new AddressRefusedError(
      `"${url.hostname}" has the address ${refused.address}, which is not public, and no allowed URL names that host`,
    );
  }
  return { url, addresses: found.map(({ address }) => address) };
}

/** Asks at each address in turn, until one can be reached. */
async function startExchange(
  { url, addresses }: CheckedUrl,
  headers: Headers,
  signal: AbortSignal,
): Promise<DirectExchange> {
  headers.set("accept-encoding", "identity");
  headers.set("user-agent", "marina");
  const isSecure = url.protocol === "https:";
  let failure: unknown;
  for (const address of isSecure ? [url.hostname] : addresses) {
    try {
      return isSecure
        ? await fetchSecurely(url, headers, signal)
        : await requestDirectly(url, address, headers, signal);
    } catch (error) {
      signal.throwIfAborted();
      failure = error;
    }
  }
  throw new DownloadError("the server cannot be reached", { cause: failure });
}

async function fetchSecurely(
  url: URL,
  headers: Headers,
  signal: AbortSignal,
): Promise<DirectExchange> {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(url, { client, headers, redirect: "manual", signal });
    const body = response.body ?? new Blob().stream();
    return {
      status: response.status,
      headers: response.headers,
      body,
      [Symbol.dispose]() {
        if (!body.locked) body.cancel().catch(() => {});
        client.close();
      },
    };
  } catch (error) {
    client.close();
    throw error;
  }
}
