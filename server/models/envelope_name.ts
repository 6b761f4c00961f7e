import type { EnvelopeName } from "../config/mod.ts";
import { ServeError } from "../errors.ts";

const ENVELOPES: readonly EnvelopeName[] = ["body", "json", "kserve", "kservev2"];

/**
 * The envelope that a manifest names, `undefined` if it names none.
 *
 * @throws {ServeError} `archive_invalid` if there is none of that name.
 */
export function resolveEnvelope(name: string | undefined): EnvelopeName | undefined {
  if (name === undefined || name === "") return undefined;
  const envelope = ENVELOPES.find((known) => known === name);
  if (envelope !== undefined) return envelope;
  const known = ENVELOPES.map((one) => JSON.stringify(one)).join(", ");
  throw new ServeError(
    "archive_invalid",
    `Cannot use envelope ${JSON.stringify(name)}: the envelopes are ${known}`,
  );
}
