/** Where the map of the folders has its boxes. The arrows between them are not chosen here: they are the rules. */
import { type Area, LEAF_FILES } from "./_import_rules.ts";

/** A box on the map; lengths are the picture's own units. */
export interface Place {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  /** What is in it, a line each. */
  readonly notes?: readonly string[];
}

const COLUMN_LEFTS = [160, 316, 472, 628, 784] as const;
const ROW_TOPS = [132, 220, 308] as const;

/** One of the boxes that stand in columns and rows. */
function at(column: 0 | 1 | 2 | 3 | 4, row: 0 | 1 | 2, title: string): Place {
  return { left: COLUMN_LEFTS[column], top: ROW_TOPS[row], width: 132, height: 40, title };
}

/** The part of the picture that is `server/`; its own files are the composition root and the command. */
export const SERVER_FRAME: Place = {
  left: 48,
  top: 88,
  width: 884,
  height: 284,
  title: "server/",
  notes: ["requests in, predictions out: server.ts puts the parts together"],
};

/** What all of `server/` may import, without an arrow for each. */
export const LEAVES: Place = {
  left: 56,
  top: 132,
  width: 96,
  height: 216,
  title: "leaves",
  notes: [
    "config/",
    "logging/",
    ...LEAF_FILES.map((path) => path.slice("server/".length)),
    "",
    "all parts",
    "may import",
    "them",
  ],
};

/** The boxes that arrows lead from and to. */
export const PLACE_BY_AREA: Readonly<Partial<Record<Area, Place>>> = {
  "main.ts": {
    left: 400,
    top: 12,
    width: 180,
    height: 48,
    title: "main.ts",
    notes: ["and completions/"],
  },
  "server": SERVER_FRAME,
  "server/snapshots": at(0, 0, "snapshots/"),
  "server/http": at(2, 0, "http/"),
  "server/doctor": at(4, 0, "doctor/"),
  "server/models": at(0, 1, "models/"),
  "server/openapi": at(1, 1, "openapi/"),
  "server/authorization": at(2, 1, "authorization/"),
  "server/metrics": at(3, 1, "metrics/"),
  "server/tracing": at(4, 1, "tracing/"),
  "server/downloads": { ...at(0, 2, "downloads/"), width: 116 },
  "server/cuda": at(1, 0, "cuda/"),
  "server/scheduling": at(3, 2, "scheduling/"),
  "archiver": {
    left: 300,
    top: 420,
    width: 180,
    height: 62,
    title: "archiver/",
    notes: ["model files ⇄ archive", "no HTTP, no tensors"],
  },
  "handlers": {
    left: 520,
    top: 420,
    width: 180,
    height: 62,
    title: "handlers/",
    notes: ["the public handler API", "no HTTP, zip, threads"],
  },
};
