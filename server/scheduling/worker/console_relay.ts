import { format } from "node:util";
import { LEFT_OUT_TEXT, LineBudget } from "../line_budget.ts";
import type { LogMessage } from "../protocol.ts";
import { shorten } from "../shorten.ts";

const LEVEL_BY_METHOD = {
  debug: "debug",
  log: "info",
  info: "info",
  warn: "warning",
  error: "error",
} as const;

/** Characters of one logged line; the rest is cut. */
const MAX_LINE_LENGTH = 8_192;

/** Sends what a handler prints to the server's log, under its worker's name; see {@linkcode LineBudget}. */
export function relayConsole(send: (message: LogMessage) => void): void {
  const budget = new LineBudget();
  for (const [method, level] of Object.entries(LEVEL_BY_METHOD)) {
    // deno-lint-ignore no-console
    console[method as keyof typeof LEVEL_BY_METHOD] = (...values: unknown[]) => {
      const fate = budget.take();
      if (fate === "told") {
        send({ type: "log", source: "worker", level: "warning", message: LEFT_OUT_TEXT });
      }
      if (fate !== "logged") return;
      const message = shorten(format(...values), MAX_LINE_LENGTH);
      send({ type: "log", source: "handler", level, message });
    };
  }
}
