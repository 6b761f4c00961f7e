/** What a row of the settings table says, and the short forms that the table is written in. */
import type { DefaultPorts } from "./listen_address.ts";

interface RowBase {
  /** One sentence for the operator, as it stands in `docs/configuration.md`. */
  readonly meaning: string;
  /** Properties text; absent: nothing unless somebody says so. */
  readonly default?: string;
  /** The environment variable where it is not `TS_` and the upper-case key; `null`: there is none. */
  readonly env?: string | null;
  /** The variable counts without `enable_envvars_config=true`. */
  readonly isEnvAlwaysRead?: boolean;
  /** Turns the variable's text into the setting's. */
  readonly fromEnv?: (text: string) => string;
  /** A value that is shown to nobody. */
  readonly isSecret?: boolean;
  /** TorchServe does not have it. */
  readonly isOwn?: boolean;
}

export interface TextRow extends RowBase {
  readonly kind: "text";
}

/** A file or folder, relative to the working folder. */
export interface PathRow extends RowBase {
  readonly kind: "path";
}

/** Texts between commas. */
export interface ListRow extends RowBase {
  readonly kind: "list";
}

export interface BooleanRow extends RowBase {
  readonly kind: "boolean";
  readonly default: "true" | "false";
}

export interface IntegerRow extends RowBase {
  readonly kind: "integer";
  readonly least: number;
  readonly most: number;
}

export interface DecimalRow extends RowBase {
  readonly kind: "decimal";
  readonly least: number;
  readonly most: number;
}

export interface ChoiceRow extends RowBase {
  readonly kind: "choice";
  readonly choices: readonly string[];
  /** What an unknown word counts as, with a warning; absent: it stops the start. */
  readonly fallback?: string;
}

export interface AddressRow extends RowBase {
  readonly kind: "address";
  readonly default: string;
  readonly defaultPorts: DefaultPorts;
}

/** Accepted, so that TorchServe's files start; it changes nothing. */
export interface IdleRow extends RowBase {
  readonly kind: "idle";
  /** Why, as the end of "has no effect: …". */
  readonly reason: string;
}

export type SettingRow =
  | TextRow
  | PathRow
  | ListRow
  | BooleanRow
  | IntegerRow
  | DecimalRow
  | ChoiceRow
  | AddressRow
  | IdleRow;

type Extras = Pick<
  RowBase,
  "env" | "isEnvAlwaysRead" | "fromEnv" | "isSecret" | "isOwn"
>;

export const text = (meaning: string, extras: Extras & { default?: string } = {}): TextRow => ({
  kind: "text",
  meaning,
  ...extras,
});

export const path = (meaning: string, extras: Extras = {}): PathRow => ({
  kind: "path",
  meaning,
  ...extras,
});

export const list = (meaning: string, extras: Extras = {}): ListRow => ({
  kind: "list",
  meaning,
  ...extras,
});

export const boolean = (isTrue: boolean, meaning: string, extras: Extras = {}): BooleanRow => ({
  kind: "boolean",
  default: isTrue ? "true" : "false",
  meaning,
  ...extras,
});

interface Range extends Extras {
  readonly default: number;
  readonly least: number;
  readonly most: number;
}

export const integer = (range: Range, meaning: string): IntegerRow & { default: string } => ({
  kind: "integer",
  meaning,
  ...range,
  default: String(range.default),
});

export const decimal = (range: Range, meaning: string): DecimalRow & { default: string } => ({
  kind: "decimal",
  meaning,
  ...range,
  default: String(range.default),
});

export const address = (defaultPorts: DefaultPorts, meaning: string): AddressRow => ({
  kind: "address",
  default: `http://127.0.0.1:${defaultPorts.http}`,
  defaultPorts,
  meaning,
});

export const idle = (meaning: string, reason: string, extras: Extras = {}): IdleRow => ({
  kind: "idle",
  meaning,
  reason,
  ...extras,
});
