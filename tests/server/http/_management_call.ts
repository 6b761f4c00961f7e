import type { ModelService } from "../../../server/http/mod.ts";
import { createFakeManagementApp, type FakeAppOptions } from "./_fake_models.ts";

/** One request to the management port. */
export interface Call {
  readonly method?: string;
  readonly path: string;
  readonly body?: string;
  readonly contentType?: string;
}

/** Answers what a management app over these models does. */
export async function send(
  given: Partial<ModelService>,
  { method = "GET", path, body, contentType }: Call,
  options: FakeAppOptions = {},
): Promise<{ status: number; text: string; body: Record<string, unknown> }> {
  const headers: HeadersInit = contentType === undefined ? {} : { "content-type": contentType };
  const request = new Request(`http://127.0.0.1:8081${path}`, { method, body, headers });
  const response = await createFakeManagementApp(given, options)(request);
  const text = await response.text();
  return { status: response.status, text, body: text === "" ? {} : JSON.parse(text) };
}
