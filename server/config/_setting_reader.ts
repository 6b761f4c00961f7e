import { resolve } from "node:path";
import { type ListenAddress, parseListenAddress } from "./listen_address.ts";
import { type Origin, toOriginText } from "./_origin.ts";
import type { SettingRow } from "./_setting_rows.ts";
import type { SourcedSetting } from "./_setting_sources.ts";
import { ConfigError } from "./server_config.ts";
import { rowOf, type SettingName, type SETTINGS } from "./settings_table.ts";

interface ValueByKind {
  text: string;
  path: string;
  list: readonly string[];
  boolean: boolean;
  integer: number;
  decimal: number;
  address: ListenAddress;
  idle: string;
}

type Value<Row> = Row extends { kind: "choice"; choices: readonly (infer Choice)[] } ? Choice
  : Row extends { kind: keyof ValueByKind } ? ValueByKind[Row["kind"]]
  : never;

/** What `get` answers: `undefined` only where the table has no default. */
export type SettingValue<Name extends SettingName> = (typeof SETTINGS)[Name] extends
  { default: string } ? Value<(typeof SETTINGS)[Name]>
  : Value<(typeof SETTINGS)[Name]> | undefined;

const MAX_SHOWN = 100;
const DEFAULT: Origin = { from: "default" };

/** Reads texts as the kinds that the table says, and remembers what has no effect. */
export class SettingReader {
  readonly warnings: string[] = [];
  readonly #settings: ReadonlyMap<SettingName, SourcedSetting>;
  readonly #cwd: string;

  constructor(settings: ReadonlyMap<SettingName, SourcedSetting>, cwd: string) {
    this.#settings = settings;
    this.#cwd = cwd;
    for (const setting of settings.values()) {
      const row = rowOf(setting.name);
      if (row.kind === "idle") this.warn(setting.name, `has no effect: ${row.reason}`);
    }
  }

  /** @throws {ConfigError} If the value cannot be used; the message names the setting and its origin. */
  get<Name extends SettingName>(name: Name): SettingValue<Name> {
    const row = rowOf(name);
    const text = this.#settings.get(name)?.text ?? row.default;
    const value = text === undefined ? undefined : this.#parse(name, row, text);
    return value as SettingValue<Name>;
  }

  has(name: SettingName): boolean {
    return this.#settings.has(name);
  }

  originOf(name: SettingName): Origin {
    return this.#settings.get(name)?.origin ?? DEFAULT;
  }

  /** Adds one line: `Setting "x" (from …)` and the rest. */
  warn(name: SettingName, rest: string): void {
    this.warnings.push(`Setting "${name}" (from ${toOriginText(this.originOf(name))}) ${rest}`);
  }

  /** The error that stops the start: `Cannot start: setting "x" must …, received …`. */
  createError(name: SettingName, required: string, wayOut = ""): ConfigError {
    const text = this.#settings.get(name)?.text ?? rowOf(name).default ?? "";
    const received = rowOf(name).isSecret ? "" : `, received "${toShown(text)}"`;
    const origin = toOriginText(this.originOf(name));
    return new ConfigError(
      `Cannot start: setting "${name}" ${required}${received} (from ${origin})${wayOut}`,
    );
  }

  #parse(name: SettingName, row: SettingRow, text: string): unknown {
    switch (row.kind) {
      case "idle":
      case "text":
        return text === "" ? row.default : text;
      case "path":
        return text === "" ? undefined : resolve(this.#cwd, text);
      case "list":
        return text.split(",").map((item) => item.trim()).filter((item) => item !== "");
      case "boolean":
        return this.#parseBoolean(name, text);
      case "integer": {
        const value = /^\d{1,16}$/.test(text) ? Number(text) : NaN;
        if (value >= row.least && value <= row.most) return value;
        throw this.createError(name, `must be an integer from ${row.least} to ${row.most}`);
      }
      case "decimal": {
        const value = /^\d{1,16}(\.\d{1,16})?$/.test(text) ? Number(text) : NaN;
        if (value >= row.least && value <= row.most) return value;
        throw this.createError(name, `must be a number from ${row.least} to ${row.most}`);
      }
      case "choice": {
        const word = text.toLowerCase();
        if (row.choices.includes(word)) return word;
        const required = `must be ${row.choices.map((choice) => `"${choice}"`).join(" or ")}`;
        if (row.fallback === undefined) throw this.createError(name, required);
        this.warn(name, `${required}, "${text}" counts as "${row.fallback}"`);
        return row.fallback;
      }
      case "address": {
        const value = parseListenAddress(text, row.defaultPorts);
        if (value !== undefined) return value;
        throw this.createError(name, "must be http://host:port, https://host:port or unix:/path");
      }
    }
  }

  /** True for `true` in any case, as Java reads it. */
  #parseBoolean(name: SettingName, text: string): boolean {
    const word = text.toLowerCase();
    if (word !== "true" && word !== "false") {
      this.warn(name, `must be "true" or "false", "${text}" counts as "false"`);
    }
    return word === "true";
  }
}

/** On one line, and no longer than a line. */
function toShown(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN)}…` : line;
}
