/** A thread that does nothing but end its process when the server at the other end of stdin has gone. */

const kill = Deno.kill;
const buffer = new Uint8Array(1);
while (await Deno.stdin.read(buffer) !== null) {
  // The server never writes here.
}
kill(Deno.pid, "SIGKILL");
