/** Parameters that several operations have. */
import { BOOLEAN, inPath, inQuery, INTEGER, TEXT } from "./_builders.ts";
import type { Parameter, ValueSchema } from "./document.ts";

export const MODEL_NAME = inPath(
  "model_name",
  "The name that the model is registered under.",
  "mnist",
);
export const MODEL_VERSION = inPath("model_version", "One of the model's versions.", "1.0");
export const DESCRIBED_VERSION = inPath(
  "model_version",
  "One of the model's versions, or `all` of them.",
  "1.0",
);

export const PAGE_PARAMETERS: readonly Parameter[] = [
  inQuery(
    "limit",
    { ...INTEGER, default: 100 },
    "Entries of one page, 0 to 100; any other number is 100.",
  ),
  inQuery(
    "next_page_token",
    { ...INTEGER, default: 0 },
    "The `nextPageToken` of the page before.",
  ),
];

/** What a model may be registered with: in the query, or as fields of a JSON body. */
export const REGISTER_FIELDS: Readonly<Record<string, ValueSchema>> = {
  url: {
    ...TEXT,
    description:
      "An archive or a folder in the model store, or an address that `allowed_urls` lists.",
  },
  model_name: { ...TEXT, description: "Instead of the name that the archive says." },
  handler: { ...TEXT, description: "Instead of the handler that the archive says." },
  runtime: {
    ...TEXT,
    enum: ["deno", "python", "python3", "LSP"],
    description: "Taken for TorchServe's sake; whatever it says, handlers run on Deno.",
  },
  batch_size: { ...INTEGER, description: "The largest batch; below 1: what the archive says." },
  max_batch_delay: {
    ...INTEGER,
    description:
      "How long a batch waits to fill, in milliseconds; negative: what the archive says.",
  },
  initial_workers: {
    ...INTEGER,
    description: "Workers to start; else what the archive or `default_workers_per_model` says.",
  },
  synchronous: {
    ...BOOLEAN,
    default: true,
    description: "Whether to answer only once the workers are ready.",
  },
  response_timeout: { ...INTEGER, description: "How long one batch may take, in seconds." },
  startup_timeout: { ...INTEGER, description: "How long a worker may take to load, in seconds." },
  s3_sse_kms: {
    ...BOOLEAN,
    default: false,
    description: "Sign the download for S3 with the keys of the server's environment.",
  },
};

export const REGISTER_PARAMETERS: readonly Parameter[] = Object.entries(REGISTER_FIELDS).map(
  ([name, { description = "", ...schema }]) => inQuery(name, schema, description),
);
