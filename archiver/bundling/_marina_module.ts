/**
 * How a bundle gets what it imports from `marina`: the one place that decides it.
 *
 * `marina` stays with the host, so that a handler's `BaseHandler` is the server's own class. But a bare
 * specifier needs an import map, and there is none where Marina runs from a URL. So a bundle reads the module
 * from a global that each worker sets before it imports a handler (`server/scheduling/worker/load_handler.ts`).
 */

/** The specifier that handlers write. */
export const MARINA_SPECIFIER = "marina";

/** As CommonJS: any name may be imported from it, without a list of names at the time of packing. */
export const MARINA_MODULE_TEXT = `const marina = globalThis[Symbol.for("marina.handlers")];
if (marina === undefined) throw new Error("Cannot load this handler: it is bundled for Marina and runs in its workers only");
module.exports = marina;
`;
