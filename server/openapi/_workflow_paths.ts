/** Workflows: the answers of TorchServe's last version, which takes none in. */
import { errors, inPath, jsonResponse, listOf, objectOf, TEXT } from "./_builders.ts";
import { PAGE_PARAMETERS } from "./_parameters.ts";
import { TAGS } from "./_tags.ts";
import type { Operation, Paths } from "./document.ts";

const COMMON = { tags: [TAGS.workflows.name], deprecated: true } as const;
const WORKFLOW_NAME = inPath("workflow_name", "No workflow has a name.", "none");

function createRefusal(operationId: string, summary: string): Operation {
  return {
    ...COMMON,
    operationId,
    summary,
    parameters: [WORKFLOW_NAME],
    responses: errors(400, 403, 404),
  };
}

export const WORKFLOW_PATHS: Paths = {
  "/workflows": {
    get: {
      ...COMMON,
      operationId: "listWorkflows",
      summary: "List the workflows: there are none",
      parameters: PAGE_PARAMETERS,
      responses: {
        200: jsonResponse(
          "An empty page.",
          objectOf({ nextPageToken: TEXT, workflows: listOf({ type: "object" }) }, {
            optional: ["nextPageToken"],
          }),
          { workflows: [] },
        ),
        ...errors(400, 403),
      },
    },
    post: {
      ...COMMON,
      operationId: "registerWorkflow",
      summary: "Register a workflow: refused",
      responses: errors(400, 403),
    },
  },
  "/workflows/{workflow_name}": {
    get: createRefusal("describeWorkflow", "Describe a workflow: there is none"),
    delete: createRefusal("unregisterWorkflow", "Unregister a workflow: there is none"),
  },
};
