/** From three apps to open ports: who guards them, and which share one. */
import { isDeepStrictEqual } from "node:util";
import type { TokenAuthority } from "./authorization/mod.ts";
import {
  ConfigError,
  createSelfSignedTls,
  type ListenAddress,
  type ServerConfig,
  type TlsConfig,
} from "./config/mod.ts";
import {
  createAuthorizedApp,
  createExposedApp,
  createSharedApp,
  type ExchangeObserver,
  type HttpApp,
  type Listener,
  observeExchanges,
  startListener,
} from "./http/mod.ts";
import { createLog } from "./logging/mod.ts";
import type { Tracing } from "./tracing/mod.ts";

/** The apps without their guards. */
export interface UnguardedApps {
  readonly inference: HttpApp;
  readonly management: HttpApp;
  readonly metrics: HttpApp;
}

export interface OpenListenersOptions {
  readonly config: ServerConfig;
  readonly apps: UnguardedApps;
  /** Absent when requests need no token. */
  readonly tokens?: TokenAuthority;
  readonly observers: readonly ExchangeObserver[];
  /** Absent when nobody traces. */
  readonly tracing?: Tracing;
  readonly reportFailure: (error: unknown, requestId: string) => void;
}

/** The open ports of one server. */
export interface OpenListeners {
  readonly inferenceUrl: string;
  readonly managementUrl: string;
  /** Absent when no metrics are served. */
  readonly metricsUrl?: string;
  /** Takes no more requests, and resolves when those in flight are answered. */
  close(): Promise<void>;
}

/** An app, and the setting that says where it is to be. */
interface Place {
  readonly setting: string;
  readonly address: ListenAddress;
  readonly app: HttpApp;
}

/**
 * Opens the ports that the config names; the inference and the management address may be the same one,
 * which then answers `/metrics` too.
 *
 * A request meets the guard against pages of other origins, then the one that asks for a token, then its
 * app; CORS headers are added to whatever any of them answers.
 *
 * @throws {ConfigError} If an address cannot be had; nothing is open then.
 */
export async function openListeners(options: OpenListenersOptions): Promise<OpenListeners> {
  const { config, observers, tracing, reportFailure } = options;
  const { cors, managementAddress, metricsAddress } = config;
  const tls = await resolveTls(config);
  const listeners: Listener[] = [];
  const open = async ({ setting, address, app }: Place): Promise<string> => {
    const exposed = createExposedApp(app, { address, cors, reportFailure });
    const traced = tracing?.traceRequests(exposed) ?? exposed;
    const observed = observeExchanges(traced, observers);
    const listener = await openListener(setting, address, tls, observed);
    listeners.push(listener);
    return listener.url;
  };
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close()));
  };
  const { inference, management, metrics } = toPlaces(options);
  try {
    const inferenceUrl = await open(inference);
    const isShared = management === undefined;
    const managementUrl = isShared ? inferenceUrl : await open(management);
    if (metrics === undefined) return { inferenceUrl, managementUrl, close };
    const isWholeShared = isShared && isSameAddress(managementAddress, metricsAddress);
    const metricsUrl = isWholeShared ? inferenceUrl : await open(metrics);
    return { inferenceUrl, managementUrl, metricsUrl, close };
  } catch (error) {
    await close();
    throw error;
  }
}

interface Places {
  readonly inference: Place;
  /** Absent when the inference place answers for it. */
  readonly management?: Place;
  readonly metrics?: Place;
}

function toPlaces({ config, apps, tokens, reportFailure }: OpenListenersOptions): Places {
  const { inferenceAddress, managementAddress, metricsAddress, isMetricsApiEnabled } = config;
  const authorize = (app: HttpApp, role: "inference" | "management"): HttpApp =>
    tokens === undefined ? app : createAuthorizedApp(app, { tokens, role, reportFailure });
  const inference = authorize(apps.inference, "inference");
  const management = authorize(apps.management, "management");
  const metrics: Place | undefined = isMetricsApiEnabled
    ? { setting: "metrics_address", address: metricsAddress, app: apps.metrics }
    : undefined;
  const place = { setting: "inference_address", address: inferenceAddress };
  if (isPortShared(config)) {
    const app = createSharedApp({ inference, management, metrics: metrics?.app });
    return { inference: { ...place, app }, metrics };
  }
  return {
    inference: { ...place, app: inference },
    management: { setting: "management_address", address: managementAddress, app: management },
    metrics,
  };
}

/** Whether one port is both the inference and the management address. */
export function isPortShared({ inferenceAddress, managementAddress }: ServerConfig): boolean {
  return isSameAddress(inferenceAddress, managementAddress);
}

/** Any free port is another one each time. */
function isSameAddress(a: ListenAddress, b: ListenAddress): boolean {
  return isDeepStrictEqual(a, b) && !(a.transport === "tcp" && a.port === 0);
}

/** What the config names, else a throw-away pair when an address needs one. */
async function resolveTls(config: ServerConfig): Promise<TlsConfig | undefined> {
  const { inferenceAddress, managementAddress, metricsAddress, tls } = config;
  const hostnames = [inferenceAddress, managementAddress, metricsAddress].flatMap((address) =>
    address.transport === "tcp" && address.isTls ? [address.hostname] : []
  );
  if (tls !== undefined || hostnames.length === 0) return tls;
  createLog("http").warn(
    "No key is configured for the https addresses: a throw-away certificate is used, which clients " +
      "cannot verify; set private_key_file and certificate_file, or keystore",
  );
  return await createSelfSignedTls(hostnames);
}

async function openListener(
  setting: string,
  address: ListenAddress,
  tls: TlsConfig | undefined,
  app: HttpApp,
): Promise<Listener> {
  try {
    return await startListener({ address, tls, app });
  } catch (cause) {
    const found = cause instanceof Deno.errors.AddrInUse
      ? "is in use, stop what uses it or choose another one"
      : `cannot be opened (${cause instanceof Error ? cause.message : cause})`;
    throw new ConfigError(
      `Cannot start: setting "${setting}" must be a free address, ${toText(address)} ${found}`,
      { cause },
    );
  }
}

function toText(address: ListenAddress): string {
  return address.transport === "unix" ? address.path : `${address.hostname}:${address.port}`;
}
