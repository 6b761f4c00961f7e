/** The direction of imports, as data. CONTRIBUTING.md draws the same map for people. */

/** A part of the code that is entered only through its `mod.ts`. */
export type Area =
  | "main.ts"
  | "archiver"
  | "handlers"
  | "server"
  | "server/leaf"
  | "server/config"
  | "server/logging"
  | "server/authorization"
  | "server/downloads"
  | "server/snapshots"
  | "server/openapi"
  | "server/http"
  | "server/grpc"
  | "server/models"
  | "server/scheduling"
  | "server/metrics"
  | "server/tracing"
  | "server/console"
  | "server/cuda"
  | "server/doctor";

/** What all of `server/` may import. */
const LEAVES = ["server/leaf", "server/config", "server/logging"] as const;

/** What each area may import, besides itself. `server` is the composition root and the command. */
export const MAY_IMPORT_BY_AREA: Readonly<Record<Area, readonly Area[]>> = {
  // The flags of `serve` are in its configuration, for the completions.
  "main.ts": ["archiver", "server", "server/config"],
  "archiver": [],
  "handlers": [],
  "server": [
    ...LEAVES,
    "server/authorization",
    "server/downloads",
    "server/snapshots",
    "server/openapi",
    "server/http",
    "server/grpc",
    "server/models",
    "server/scheduling",
    "server/metrics",
    "server/tracing",
    "server/console",
    "server/cuda",
    "server/doctor",
    "archiver",
    "handlers",
  ],
  "server/leaf": [],
  "server/config": ["server/leaf"],
  "server/logging": ["server/leaf"],
  "server/authorization": LEAVES,
  "server/downloads": LEAVES,
  "server/snapshots": [...LEAVES, "server/models"],
  "server/openapi": ["server/leaf"],
  "server/http": [
    ...LEAVES,
    "server/authorization",
    "server/models",
    "server/metrics",
    "server/openapi",
    "server/console",
  ],
  "server/grpc": [...LEAVES, "server/authorization", "server/models", "server/metrics"],
  "server/models": [
    ...LEAVES,
    "server/downloads",
    "server/scheduling",
    "archiver",
    "handlers",
  ],
  "server/scheduling": [...LEAVES, "archiver", "handlers"],
  "server/metrics": [...LEAVES, "server/scheduling"],
  "server/tracing": [...LEAVES, "server/scheduling"],
  "server/console": ["server/leaf"],
  "server/cuda": ["server/leaf"],
  "server/doctor": [...LEAVES, "server/metrics", "server/scheduling"],
};

/** Files of `server/` that all of `server/` may import. */
export const LEAF_FILES: readonly string[] = [
  "server/errors.ts",
  "server/cache_folder.ts",
  "server/own_flags.ts",
];

/** Doors besides a folder's `mod.ts`, for those who need a part of what is behind it. */
export const SIDE_DOORS: readonly string[] = ["archiver/reading.ts"];

/** Files that `main.ts` may import besides a folder's door. */
export const COMMAND_FILES: readonly string[] = [
  "archiver/command.ts",
  "archiver/inspect_command.ts",
  "server/command.ts",
  "server/doctor_command.ts",
  "server/worker_command.ts",
];

/** A thing that product code touches in one place only. */
export interface SinglePlace {
  readonly name: string;
  /** Matched against code without comments and without the insides of strings. */
  readonly pattern: RegExp;
  /** Where it may be; `"nowhere"` says it all. */
  readonly place: string;
  isAllowed(path: string): boolean;
}

/** The files that start threads: for models, and for a bundler that has work for a second. */
const WORKER_FILES: readonly string[] = [
  "server/scheduling/worker_thread.ts",
  "archiver/bundling/bundle_in_thread.ts",
];

export const SINGLE_PLACES: readonly SinglePlace[] = [
  {
    name: "Deno.args",
    pattern: /\bDeno\s*\.\s*args\b/,
    place: "main.ts",
    isAllowed: (path) => path === "main.ts",
  },
  {
    name: "Deno.exit",
    pattern: /\b(?:Deno|process)\s*\.\s*exit\s*\(/,
    place: "main.ts",
    isAllowed: (path) => path === "main.ts",
  },
  {
    name: "console.*",
    pattern: /\bconsole\s*\.\s*\w/,
    place: "nowhere, the product logs through server/logging/",
    isAllowed: () => false,
  },
  {
    name: "new Worker",
    pattern: /\bnew\s+Worker\s*\(/,
    place: WORKER_FILES.join(" and "),
    isAllowed: (path) => WORKER_FILES.includes(path),
  },
];

/** Packages that one file alone may import. */
export const SINGLE_IMPORTERS: readonly { readonly package: string; readonly folder: string }[] = [
  { package: "onnxruntime-node", folder: "server/" },
];

/** The area of a product file, `undefined` for tests, scripts and examples. */
export function areaOf(path: string): Area | undefined {
  if (path === "main.ts") return "main.ts";
  const [top, second, ...rest] = path.split("/");
  // A command that is about the other commands stands where they are chosen.
  if (top === "completions") return "main.ts";
  if (top === "archiver" || top === "handlers") return top;
  if (top !== "server" || second === undefined) return undefined;
  if (LEAF_FILES.includes(path)) return "server/leaf";
  const area = `server/${second}`;
  return rest.length > 0 && area in MAY_IMPORT_BY_AREA ? area as Area : "server";
}
