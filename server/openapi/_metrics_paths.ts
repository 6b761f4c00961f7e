/** The metrics port. */
import { errors, inQuery, listOf, TEXT } from "./_builders.ts";
import { TAGS } from "./_tags.ts";
import type { Paths } from "./document.ts";

export function createMetricsPaths(): Paths {
  return {
    "/metrics": {
      get: {
        operationId: "metrics",
        summary: "Read the metrics in Prometheus's text form",
        description: "Empty while `metrics_mode` is `log`. Any other method does the same.",
        tags: [TAGS.metrics.name],
        parameters: [inQuery(
          "name[]",
          listOf(TEXT),
          "Only the samples of this name; may be given several times.",
        )],
        responses: {
          200: {
            description: "The samples; none for names that nobody knows.",
            content: {
              "text/plain": {
                schema: TEXT,
                example: 'Requests2XX{Level="Host",Hostname="pier-1",} 8.0\n',
              },
            },
          },
          ...errors(400, 403, 500),
        },
      },
    },
  };
}
