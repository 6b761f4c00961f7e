/** Reads of query and JSON parameters; what cannot be read is as if it had not been sent, as upstream has it. */

const INTEGER_REGEXP = /^[+-]?\d{1,10}$/;
const MAX_INT32 = 2 ** 31 - 1;

/** Named texts of one request. */
export type Parameters = ReadonlyMap<string, string>;

/** The first of each name, as {@linkcode listQuery} has them. */
export function parseQuery(url: string): Parameters {
  const parameters = new Map<string, string>();
  for (const [name, value] of listQuery(url)) {
    if (!parameters.has(name)) parameters.set(name, value);
  }
  return parameters;
}

/** Every name and value in order: split at `&` and `;`, broken escapes left as they stand. */
export function listQuery(url: string): [name: string, value: string][] {
  const start = url.indexOf("?");
  if (start === -1) return [];
  const pairs: [string, string][] = [];
  for (const pair of url.slice(start + 1).split(/[&;]/)) {
    const equals = pair.indexOf("=");
    const name = decodeText(equals === -1 ? pair : pair.slice(0, equals));
    const value = equals === -1 ? "" : decodeText(pair.slice(equals + 1));
    if (name !== "") pairs.push([name, value]);
  }
  return pairs;
}

/** The whole number of that name, `undefined` when there is none within 32 bits. */
export function toInteger(parameters: Parameters, name: string): number | undefined {
  const text = parameters.get(name);
  if (text === undefined || !INTEGER_REGEXP.test(text)) return undefined;
  const value = Number(text);
  return value <= MAX_INT32 && value >= -MAX_INT32 - 1 ? value : undefined;
}

/** True for `true` in any case, false for any other text; `fallback` when absent. */
export function toBoolean(parameters: Parameters, name: string, fallback: boolean): boolean {
  const text = parameters.get(name);
  return text === undefined ? fallback : text.toLowerCase() === "true";
}

function decodeText(text: string): string {
  const spaced = text.replaceAll("+", " ");
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
