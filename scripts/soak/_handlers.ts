/** The handlers that the soak serves, as texts: each answer holds what its request brought. */

/** Gives back what it gets, one tick later, so that batches of several workers run side by side. */
export const ECHO = `
export async function handle(rows) {
  if (rows === null) return;
  await new Promise((resolve) => setTimeout(resolve, 1));
  return rows.map((row) => {
    if (row.file === undefined) return row.body;
    const sum = row.file.reduce((total, byte) => total + byte, 0);
    return { nonce: new TextDecoder().decode(row.nonce), bytes: row.file.length, sum };
  });
}
`;

/** Sends four chunks ahead of the last; each names the request. */
export const STREAM = `
export async function handle(rows, context) {
  if (rows === null) return;
  for (let part = 0; part < 4; part++) {
    await context.sendIntermediate(rows.map(({ body }) => part + ":" + body.nonce + body.padding + "\\n"));
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  return rows.map(({ body }) => "end:" + body.nonce);
}
`;

/** Takes as long as the request says, milliseconds. */
export const SLOW = `
export async function handle(rows) {
  if (rows === null) return;
  await new Promise((resolve) => setTimeout(resolve, Math.max(...rows.map(({ body }) => body.ms))));
  return rows.map(({ body }) => ({ nonce: body.nonce }));
}
`;

/** Refuses some requests of a batch and answers the others. */
export const PICKY = `
import { PredictionException } from "marina";

export function handle(rows, context) {
  if (rows === null) return;
  const refused = rows.map(({ body }, index) => {
    if (!body.isRefused) return { nonce: body.nonce };
    const cause = new PredictionException("No " + body.nonce, 422);
    context.rejectRequest(index, cause);
    return { code: 422, message: cause.message };
  });
  return refused;
}
`;

/** Throws, answers what is no answer, or answers. */
export const MOODY = `
export function handle(rows) {
  if (rows === null) return;
  const { mood, nonce } = rows[0].body;
  if (mood === "throw") throw new Error("Not today");
  if (mood === "too short") return [];
  return [{ nonce }];
}
`;

/**
 * Ends its worker in each way that a handler can. An endless loop is left out: since Deno 2.9 the runtime
 * does not end its thread (https://github.com/denoland/deno/pull/35657), which then takes a core for good.
 */
export const CRASHING = `
export async function handle(rows) {
  if (rows === null) return;
  for (const { body: { mood } } of rows) {
    if (mood === "exit") Deno.exit(3);
    if (mood === "close") self.close();
    if (mood === "throw later") setTimeout(() => { throw new Error("Nobody catches me"); }, 5);
    if (mood === "reject later") Promise.reject(new Error("Nobody waits for me"));
    if (mood === "wait") await new Promise(() => {});
  }
  await new Promise((resolve) => setTimeout(resolve, 1));
  return rows.map(({ body }) => ({ nonce: body.nonce }));
}
`;

/** Names its version or build beside the request. */
export function toNamedHandler(name: string): string {
  return `
export async function handle(rows) {
  if (rows === null) return;
  await new Promise((resolve) => setTimeout(resolve, 1));
  return rows.map(({ body }) => ({ nonce: body.nonce, by: ${JSON.stringify(name)} }));
}
`;
}

/** Cannot be loaded. */
export const BROKEN = "throw new Error('No weights today');\n";
