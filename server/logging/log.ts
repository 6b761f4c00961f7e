/**
 * What the server tells, part by part.
 *
 * Messages are fixed sentences and what varies is a field beside them: so that a name with braces, line
 * feeds or escape sequences can neither break a line nor colour a terminal. Callers keep bodies and
 * secrets out.
 */
import { getLogger } from "@logtape/logtape";

/** What varies in a line; an `Error` is shown with its stack and its causes. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where one part of the server tells what happens in it. */
export interface Log {
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
}

/** The category that all logs of this project are in. */
export const ROOT_CATEGORY = "marina";

/** The part whose lines are the models' own: what handlers print. */
export const MODEL_PART = "model";

/** The log of one part of the server: `createLog("models")`. Nothing is written before `configureLogging`. */
export function createLog(part: string): Log {
  const logger = getLogger([ROOT_CATEGORY, part]);
  return {
    info: (message, fields = {}) => logger.info(escapeBraces(message), { ...fields }),
    warn: (message, fields = {}) => logger.warn(escapeBraces(message), { ...fields }),
    error: (message, fields = {}) => logger.error(escapeBraces(message), { ...fields }),
  };
}

function escapeBraces(message: string): string {
  return message.replaceAll("{", "{{").replaceAll("}", "}}");
}
