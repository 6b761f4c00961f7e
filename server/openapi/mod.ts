/** The API's description: OpenAPI documents as data, and the page that shows them. Knows no requests. */
export { type ApiPage, loadApiPage, PAGE_POLICY, type PageFile } from "./api_page.ts";
export { describeModel, type DescribeModelOptions, type ModelPathKind } from "./describe_model.ts";
export { describePorts, type DescribePortsOptions, type Port } from "./describe_ports.ts";
export type {
  HttpMethod,
  OpenApiDocument,
  Operation,
  Parameter,
  ResponseOrRef,
  Schema,
  ValueSchema,
} from "./document.ts";
