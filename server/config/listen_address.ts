/** Where one listener is opened: a TCP port, or a Unix socket. */
export type ListenAddress = TcpAddress | UnixAddress;

export interface TcpAddress {
  readonly transport: "tcp";
  /** A name or an address; IPv6 without brackets. */
  readonly hostname: string;
  /** 0 takes any free one. */
  readonly port: number;
  /** Whether the listener speaks TLS. */
  readonly isTls: boolean;
}

export interface UnixAddress {
  readonly transport: "unix";
  /** Absolute path of the socket's file. */
  readonly path: string;
}

const ADDRESS_REGEXP = /^(https?):\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?\/?$/;
const UNIX_REGEXP = /^unix:(\/[^\0]+)$/;
const LOOPBACK_REGEXP = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/i;

/** Ports of an address that names none, as upstream has them. */
export interface DefaultPorts {
  readonly http: number;
  readonly https: number;
}

/** Reads `http(s)://host[:port]` or `unix:/path`; answers `undefined` for anything else. */
export function parseListenAddress(
  text: string,
  defaultPorts: DefaultPorts,
): ListenAddress | undefined {
  const unix = UNIX_REGEXP.exec(text);
  if (unix !== null) return { transport: "unix", path: unix[1]! };
  const match = ADDRESS_REGEXP.exec(text);
  if (match === null) return undefined;
  const isTls = match[1] === "https";
  const defaultPort = isTls ? defaultPorts.https : defaultPorts.http;
  const port = match[3] === undefined ? defaultPort : Number(match[3]);
  if (port > 65535) return undefined;
  return { transport: "tcp", hostname: match[2]!.replace(/^\[|\]$/g, ""), port, isTls };
}

/** True when only this machine can reach the address; a socket's file always is such. */
export function isLoopback(address: ListenAddress): boolean {
  return address.transport === "unix" || LOOPBACK_REGEXP.test(address.hostname);
}
