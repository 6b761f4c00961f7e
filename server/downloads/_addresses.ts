import { lookup } from "node:dns/promises";
import ipaddr from "ipaddr.js";

/** Clouds answer for their machines' metadata at these, though the ranges say that they are public. */
const METADATA_ADDRESSES: ReadonlySet<string> = new Set(["168.63.129.16"]);

/** Where a host is; `address` is a literal. */
export interface HostAddress {
  readonly address: string;
  readonly isPublic: boolean;
}

/**
 * True for addresses that anybody on the internet can have: neither private, link-local, loopback,
 * carrier-grade, multicast, reserved nor unspecified, nor one of the forms that wrap an IPv4 address in
 * IPv6, nor a cloud's metadata service.
 *
 * @param address A literal, IPv6 with or without brackets.
 */
export function isPublicAddress(address: string): boolean {
  const parsed = ipaddr.parse(address.replaceAll(/[[\]]/g, ""));
  return parsed.range() === "unicast" && !METADATA_ADDRESSES.has(parsed.toString());
}

/**
 * Every address of a host, as the system resolves names.
 *
 * @param hostname Of a URL: IPv6 literals have brackets.
 * @throws {Error} If the name has no address.
 */
export async function resolveHost(hostname: string): Promise<readonly HostAddress[]> {
  const literal = hostname.replaceAll(/[[\]]/g, "");
  const found = ipaddr.isValid(literal)
    ? [literal]
    : (await lookup(hostname, { all: true })).map(({ address }) => address);
  return found.map((address) => ({ address, isPublic: isPublicAddress(address) }));
}
