/** The ports of the demo: the usual ones where they are free. */

export interface ServePorts {
  readonly inference: number;
  readonly management: number;
  readonly metrics: number;
}

/** Keeps each wanted port that is free, puts 0 (any free one) for those that are taken, and names these. */
export function choosePorts(wanted: ServePorts): { ports: ServePorts; busy: readonly number[] } {
  const busy = Object.values(wanted).filter((port) => port !== 0 && !isFree(port));
  const choose = (port: number) => busy.includes(port) ? 0 : port;
  const ports = {
    inference: choose(wanted.inference),
    management: choose(wanted.management),
    metrics: choose(wanted.metrics),
  };
  return { ports, busy };
}

function isFree(port: number): boolean {
  try {
    using _listener = Deno.listen({ hostname: "127.0.0.1", port });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) return false;
    throw error;
  }
}
