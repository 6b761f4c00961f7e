/** Where one port is opened. */
export interface ListenAddress {
  /** A name or an address; IPv6 without brackets. */
  readonly hostname: string;
  /** 0 takes any free one. */
  readonly port: number;
}

const ADDRESS_REGEXP = /^http:\/\/(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+)(?::(\d{1,5}))?\/?$/;
const LOOPBACK_REGEXP = /^(127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1|localhost)$/i;

/** Reads `http://host[:port]`; answers `undefined` for anything else. */
export function parseListenAddress(text: string, defaultPort: number): ListenAddress | undefined {
  const match = ADDRESS_REGEXP.exec(text);
  if (match === null) return undefined;
  const port = match[2] === undefined ? defaultPort : Number(match[2]);
  if (port > 65535) return undefined;
  return { hostname: match[1]!.replace(/^\[|\]$/g, ""), port };
}

/** True when only this machine can reach the address. */
export function isLoopback(address: ListenAddress): boolean {
  return LOOPBACK_REGEXP.test(address.hostname);
}
