/** What follows the first segment, by that segment. Routes that are not listed name no span: anybody may invent them. */
const REST_BY_FIRST_SEGMENT: Readonly<Record<string, string>> = {
  "api-description": "",
  docs: "",
  endpoints: "/{endpoint_name}",
  explanations: "/{model_name}",
  invocations: "",
  metrics: "",
  models: "/{model_name}",
  "openapi.json": "",
  ping: "",
  predict: "/{model_name}",
  predictions: "/{model_name}",
  v1: "/models/{model_name}",
  v2: "/models/{model_name}",
  workflows: "/{workflow_name}",
};

/**
 * The route of a URL with its variable parts left out: few names for many requests.
 *
 * @returns `/predictions/{model_name}`, `/ping`; `undefined` for what is no route of this server.
 */
export function toRoute(url: string): string | undefined {
  const start = url.indexOf("/", url.indexOf("://") + 3) + 1;
  const [first, second] = url.slice(start).split(/[?#]/, 1)[0]!.split("/", 2);
  if (first === undefined || !Object.hasOwn(REST_BY_FIRST_SEGMENT, first)) return undefined;
  return second === undefined || second === ""
    ? `/${first}`
    : `/${first}${REST_BY_FIRST_SEGMENT[first]}`;
}
