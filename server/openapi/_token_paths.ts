/** `/token`, where requests need one. */
import { errors, inQuery, REQUEST_ID, required, TEXT } from "./_builders.ts";
import { TAGS } from "./_tags.ts";
import type { Paths } from "./document.ts";

export function createTokenPaths(): Paths {
  return {
    "/token": {
      get: {
        operationId: "renewToken",
        summary: "Make a key anew",
        description:
          "With the `API` key as token. The key of before opens nothing from then on; the " +
          "new one is in the key file. Any other method does the same.",
        tags: [TAGS.tokens.name],
        parameters: [required(inQuery(
          "type",
          { ...TEXT, enum: ["management", "inference"] },
          "Whose key is made anew.",
        ))],
        responses: {
          // No content: the line feed is called JSON, as TorchServe calls it, and is none.
          200: { description: "Done; the body is one line feed.", headers: REQUEST_ID },
          ...errors(400, 403, 500),
        },
      },
    },
  };
}
