import { ArchiveError, type ArchiveErrorCode } from "../errors.ts";

/** A place in a handler's file. */
export interface HandlerPlace {
  /** Relative to the handler's own folder. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
}

/** Why a handler cannot become one module, and where in its files. */
export class BundleError extends ArchiveError {
  /** Absent where no line is to blame; the message names it, too. */
  readonly place: HandlerPlace | undefined;

  constructor(code: ArchiveErrorCode, message: string, place?: HandlerPlace) {
    super(code, message);
    this.place = place;
  }
}
