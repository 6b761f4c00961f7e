import type { Context, HandlerData } from "./context.ts";

/** A loaded handler, whatever form its file gave it. */
export interface HandlerEntry {
  /** Called once, before the first batch. */
  initialize(context: Context): Promise<void>;
  handle(data: HandlerData[] | null, context: Context): unknown | Promise<unknown>;
  /** Called once, after the last batch. */
  release?(): Promise<void>;
}

type HandleFunction = (data: HandlerData[] | null, context: Context) => unknown;

interface HandlerObject {
  initialize?(context: Context): unknown;
  handle?: unknown;
  release?(): unknown;
}

/**
 * Finds what a handler file offers: the worker imports the file and hands its namespace in.
 *
 * A named entry is taken as it is, a function or a class. Without a name, an exported function `handle` (or a
 * default export that is a function) comes first, as upstream has it; then the one exported class that has
 * `handle`. Function handlers are called once at load with `null` for the data.
 *
 * @param module The namespace of the imported file.
 * @param entryName What follows the colon in `handler.ts:entry`.
 * @throws {TypeError} If there is no such entry, none at all, or more than one class; the message names what
 * the file exports.
 */
export function resolveHandlerEntry(
  module: Readonly<Record<string, unknown>>,
  entryName?: string,
): HandlerEntry {
  if (entryName !== undefined && entryName !== "") {
    const named = Object.hasOwn(module, entryName) ? module[entryName] : undefined;
    if (typeof named !== "function") {
      throw new TypeError(
        `Cannot use handler entry "${entryName}": expected an exported function or class, ` +
          `found ${listExports(module)}`,
      );
    }
    return isClass(named) ? toObjectEntry(named) : toFunctionEntry(named as HandleFunction);
  }
  for (const name of ["handle", "default"]) {
    const found = module[name];
    if (typeof found === "function" && !isClass(found)) {
      return toFunctionEntry(found as HandleFunction);
    }
  }
  return toObjectEntry(pickClass(module));
}

function pickClass(module: Readonly<Record<string, unknown>>): Constructor {
  const classes = [...new Set(Object.values(module).filter(isClass))];
  if (classes.length === 1) return classes[0]!;
  const withHandle = classes.filter((candidate) => "handle" in candidate.prototype);
  if (withHandle.length === 1) return withHandle[0]!;
  throw new TypeError(
    "Cannot choose a handler: expected an exported function handle() or exactly one exported class " +
      `with handle(), found ${listExports(module)}`,
  );
}

function toFunctionEntry(handle: HandleFunction): HandlerEntry {
  return {
    async initialize(context) {
      await handle(null, context);
    },
    handle,
  };
}

function toObjectEntry(constructor: Constructor): HandlerEntry {
  const handler = new constructor();
  if (typeof handler.handle !== "function") {
    throw new TypeError(
      `Cannot use handler class "${constructor.name}": expected a method handle()`,
    );
  }
  const object = handler as HandlerObject & { handle: HandleFunction };
  return {
    async initialize(context) {
      await object.initialize?.(context);
    },
    handle: (data, context) => object.handle(data, context),
    async release() {
      await object.release?.();
    },
  };
}

type Constructor = new () => HandlerObject;

/** Only classes print as `class …`; a function's text starts with anything else. */
function isClass(value: unknown): value is Constructor {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function listExports(module: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(module).map((name) => {
    const value = module[name];
    const kind = isClass(value) ? "class" : value === null ? "null" : typeof value;
    return `${kind} "${name}"`;
  });
  return names.length === 0 ? "no exports" : names.join(", ");
}
