/**
 * Keeps the making of native sessions to whoever seals them. A handler shares the thread with onnxruntime: it
 * can import its files and catch its objects, and some of a session's options write files, or load
 * libraries, that no permission of the thread covers.
 */
import Module from "node:module";

/** The addon's class, as far as it is used here. */
interface NativeSession {
  loadModel(...args: unknown[]): void;
}

/** Leave to load one model, with options that nobody else has touched. */
interface Ticket {
  readonly source: unknown;
  readonly options: unknown;
  next: Ticket | undefined;
}

/** Runs `make`, in which one session of this source and these options may be loaded. */
export type WithTicket = <Result>(
  source: string | Uint8Array,
  options: object,
  make: () => Promise<Result>,
) => Promise<Result>;

/** The methods that handlers could put others in place of are taken before one runs. */
const callWith = Function.prototype.call.bind(Function.prototype.call) as (
  method: (...args: never[]) => unknown,
  self: unknown,
  ...args: unknown[]
) => void;

/**
 * From here on no session of this thread loads a model but inside of the answer.
 *
 * The options that a session is made with are those of the ticket: copies without prototypes, in which
 * nothing of `Object.prototype` shows.
 *
 * @throws {Error} If the addon is not loaded yet.
 */
export function sealNativeSessions(): WithTicket {
  const { prototype } = findSessionClass();
  const { loadModel } = prototype;
  let first: Ticket | undefined;
  // Neither destructuring nor `for…of`: both ask an iterator, which is anybody's.
  const guarded = function (this: NativeSession, ...args: unknown[]): void {
    let ticket = first;
    while (ticket !== undefined && ticket.source !== args[0]) ticket = ticket.next;
    if (ticket === undefined) {
      throw new TypeError("Cannot make a session: handlers open models with context.openModel()");
    }
    const { options } = ticket;
    if (args.length === 2) callWith(loadModel, this, args[0], options);
    else callWith(loadModel, this, args[0], args[1], args[2], options);
  };
  // The addon lets nobody configure it, but for one change that makes it read-only.
  prototype.loadModel = guarded;
  Object.defineProperty(prototype, "loadModel", { writable: false });

  return async (source, options, make) => {
    const ticket: Ticket = {
      source: typeof source === "string" ? source : source.buffer,
      options: toPlain(options),
      next: first,
    };
    first = ticket;
    try {
      return await make();
    } finally {
      if (first === ticket) first = ticket.next;
      for (let other = first; other !== undefined; other = other.next) {
        if (other.next === ticket) other.next = ticket.next;
      }
    }
  };
}

/** The class that the addon gives away, from among the modules that the runtime has loaded. */
function findSessionClass(): { readonly prototype: NativeSession } {
  const { _cache: modules } = Module as unknown as {
    readonly _cache: Readonly<
      Record<string, { readonly exports: { InferenceSession: { prototype: NativeSession } } }>
    >;
  };
  const path = Object.keys(modules).find((key) => key.endsWith("onnxruntime_binding.node"));
  if (path === undefined) {
    throw new Error("Cannot guard onnxruntime: its addon is not loaded; this is a bug in Marina");
  }
  return modules[path]!.exports.InferenceSession;
}

/** A deep copy of plain data, whose objects have no prototype; lists keep theirs, and own their elements. */
function toPlain(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== "object" || value === null) return value;
  const copy: Record<string, unknown> = Object.create(null);
  for (const [key, inner] of Object.entries(value)) copy[key] = toPlain(inner);
  return Object.freeze(copy);
}

/**
 * Forgets the packages that the thread has loaded: what they give to each other, their native addons above
 * all, is nobody else's. What is asked for after this is loaded anew, and an addon not at all. The image
 * library's addon can still be imported through the library's own module, so that its switch is taken away:
 * what it may not read and write stays so.
 */
export function forgetLoadedModules(): void {
  const { _cache: modules } = Module as unknown as {
    readonly _cache: Record<string, { readonly exports: unknown }>;
  };
  for (const [path, { exports }] of Object.entries(modules)) {
    delete modules[path];
    if (!path.endsWith(".node") || !hasSwitch(exports)) continue;
    Object.defineProperty(exports, "block", {
      value: () => {
        throw new TypeError("Cannot change what the image library may do: handlers may not");
      },
      writable: false,
      configurable: false,
    });
  }
}

function hasSwitch(exports: unknown): exports is { block: unknown } {
  return typeof exports === "object" && exports !== null && "block" in exports;
}
