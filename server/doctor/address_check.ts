import { dirname } from "node:path";
import type { ListenAddress } from "../config/mod.ts";
import type { AddressReport } from "./report.ts";

/** An address that a server of the config opens. */
export interface CheckedAddress {
  readonly setting: string;
  readonly address: ListenAddress;
}

/**
 * Opens each port as a server would, all at the same time: so two settings that want one port show, too.
 * Nothing listens any more when this answers.
 */
export async function checkAddresses(
  addresses: readonly CheckedAddress[],
): Promise<AddressReport[]> {
  const listeners: Deno.Listener[] = [];
  try {
    const reports: AddressReport[] = [];
    for (const { setting, address } of addresses) {
      const common = { setting, address: toText(address) };
      try {
        if (address.transport === "unix") await assertSocketFree(address.path);
        else listeners.push(Deno.listen({ hostname: address.hostname, port: address.port }));
        reports.push({ ...common, isFree: true });
      } catch (error) {
        reports.push({ ...common, isFree: false, reason: toReason(error) });
      }
    }
    return reports;
  } finally {
    for (const listener of listeners) listener.close();
  }
}

/** A server takes a socket's file over that nobody listens at; a socket is not opened here, it would stay. */
async function assertSocketFree(path: string): Promise<void> {
  const info = await Deno.lstat(path).catch(() => undefined);
  if (info === undefined) {
    return await Deno.remove(await Deno.makeTempFile({ dir: dirname(path) }));
  }
  if (info.isSocket !== true) throw new Error("a file is there that is no socket");
  const connection = await Deno.connect({ transport: "unix", path }).catch(() => undefined);
  connection?.close();
  if (connection !== undefined) throw new Deno.errors.AddrInUse();
}

function toReason(error: unknown): string {
  if (error instanceof Deno.errors.AddrInUse) return "another program listens there";
  if (error instanceof Deno.errors.PermissionDenied) return "this user may not open it";
  return error instanceof Error ? error.message : String(error);
}

function toText(address: ListenAddress): string {
  if (address.transport === "unix") return `unix:${address.path}`;
  const { hostname, port, isTls } = address;
  const host = hostname.includes(":") ? `[${hostname}]` : hostname;
  return `${isTls ? "https" : "http"}://${host}:${port}`;
}
