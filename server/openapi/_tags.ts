import type { Tag } from "./document.ts";

/** The groups of operations, in the order in which the page shows them. */
export const TAGS = {
  predictions: { name: "Predictions", description: "Ask a model." },
  health: { name: "Health", description: "Whether the server and its models can answer." },
  models: { name: "Models", description: "Which models are loaded, in which versions, and how." },
  traffic: { name: "Traffic", description: "How requests are spread over a model's versions." },
  tokens: { name: "Tokens", description: "The keys that requests need." },
  metrics: { name: "Metrics", description: "What the server counts and measures." },
  workflows: {
    name: "Workflows",
    description: "There are none; what TorchServe's clients expect.",
  },
  descriptions: { name: "Descriptions", description: "This API, described." },
} as const satisfies Record<string, Tag>;
