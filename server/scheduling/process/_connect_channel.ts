import { LOOPBACK, readExactly, TOKEN_BYTES } from "./_tcp_channel.ts";
import type { ChannelAddress } from "./channel.ts";

/**
 * Connects a worker's process to its server, as the server has told it.
 *
 * @throws {Error} If the server is not there any more.
 */
export async function connectChannel(address: ChannelAddress): Promise<Deno.Conn> {
  if (address.kind === "unix") {
    return await Deno.connect({ transport: "unix", path: address.path });
  }
  const token = await readExactly(Deno.stdin, TOKEN_BYTES);
  if (token === undefined) throw new Error("Cannot run a worker: its server has gone");
  const connection = await Deno.connect({ hostname: LOOPBACK, port: address.port });
  connection.setNoDelay(true);
  for (let sent = 0; sent < token.length;) sent += await connection.write(token.subarray(sent));
  return connection;
}
