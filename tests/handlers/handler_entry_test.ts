import { deepStrictEqual, strictEqual, throws } from "node:assert/strict";
import { Context, type ModelContext, resolveHandlerEntry } from "marina";

const CONTEXT = new Context({ modelName: "m" } as ModelContext);

class First {
  prefix = "first";
  handle() {
    return [this.prefix];
  }
}
class Second {
  handle = () => ["second"];
}
class Helper {}
const handle = () => ["function"];

Deno.test.each([
  { title: "a function handle before a class", module: { First, handle }, answer: "function" },
  {
    title: "a default function before a class",
    module: { First, default: handle },
    answer: "function",
  },
  { title: "the one class", module: { First, LIMIT: 5 }, answer: "first" },
  { title: "a class exported twice", module: { First, default: First }, answer: "first" },
  { title: "a class whose handle is a field", module: { Second }, answer: "second" },
  { title: "the class with handle among helpers", module: { First, Helper }, answer: "first" },
  { title: "a named class", module: { First, Second }, entry: "Second", answer: "second" },
  { title: "a named function", module: { First, run: handle }, entry: "run", answer: "function" },
])("resolveHandlerEntry() takes $title", ({ module, entry, answer }) => {
  deepStrictEqual(resolveHandlerEntry({ ...module }, entry).handle([], CONTEXT), [answer]);
});

Deno.test("resolveHandlerEntry() calls a function handler once with null when it is loaded (T42)", async () => {
  const calls: unknown[] = [];
  const entry = resolveHandlerEntry({ handle: (data: unknown) => void calls.push(data) });
  await entry.initialize(CONTEXT);
  deepStrictEqual(calls, [null]);
});

Deno.test("resolveHandlerEntry() waits for a class's initialize and release", async () => {
  const calls: string[] = [];
  class Slow {
    async initialize() {
      await Promise.resolve();
      calls.push("initialized");
    }
    handle() {}
    async release() {
      await Promise.resolve();
      calls.push("released");
    }
  }
  const entry = resolveHandlerEntry({ Slow });
  await entry.initialize(CONTEXT);
  await entry.release?.();
  deepStrictEqual(calls, ["initialized", "released"]);
  strictEqual(await resolveHandlerEntry({ First }).initialize(CONTEXT), undefined);
});

Deno.test.each([
  {
    title: "two classes",
    module: { First, Another: class extends First {} },
    entry: undefined,
    message:
      'Cannot choose a handler: expected an exported function handle() or exactly one exported class with handle(), found class "First", class "Another"',
  },
  {
    title: "a file without exports",
    module: {},
    entry: undefined,
    message:
      "Cannot choose a handler: expected an exported function handle() or exactly one exported class with handle(), found no exports",
  },
  {
    title: "a class without handle",
    module: { Helper },
    entry: undefined,
    message: 'Cannot use handler class "Helper": expected a method handle()',
  },
  {
    title: "a name that is not exported",
    module: { First },
    entry: "Frist",
    message:
      'Cannot use handler entry "Frist": expected an exported function or class, found class "First"',
  },
  {
    title: "a name every object has",
    module: { First },
    entry: "toString",
    message:
      'Cannot use handler entry "toString": expected an exported function or class, found class "First"',
  },
])("resolveHandlerEntry() refuses $title", ({ module, entry, message }) => {
  throws(() => resolveHandlerEntry({ ...module }, entry), { name: "TypeError", message });
});
