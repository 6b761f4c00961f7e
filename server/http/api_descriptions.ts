import type {
  ApiPage,
  DescribePortsOptions,
  ModelPathKind,
  OpenApiDocument,
  PageFile,
} from "../openapi/mod.ts";
import { createResourceNotFound, toJsonResponse } from "./_responses.ts";

/** How long a browser may keep the page's files; it asks for them by the server's version. */
const FILE_CACHE_CONTROL = "private, max-age=86400";

/**
 * The documents and the page of one listener, as responses. Nothing of them is loaded before the first one
 * is asked for; a server that nobody asks never pays for them.
 */
export class ApiDescriptions {
  readonly #options: DescribePortsOptions;
  #document: Promise<OpenApiDocument> | undefined;
  #page: Promise<ApiPage> | undefined;

  constructor(options: DescribePortsOptions) {
    this.#options = options;
  }

  async answerDocument(): Promise<Response> {
    this.#document ??= loadOpenApi().then(({ describePorts }) => describePorts(this.#options));
    return toJsonResponse(await this.#document);
  }

  /** The document of one model, which its caller has found to be there. */
  async answerModel(
    kind: ModelPathKind,
    modelName: string,
    modelVersion: string | undefined,
  ): Promise<Response> {
    const { describeModel } = await loadOpenApi();
    const { version, requiresTokens } = this.#options;
    return toJsonResponse(
      describeModel({ version, requiresTokens, kind, modelName, modelVersion }),
    );
  }

  /** @param url The request's: relative links depend on the slash at its path's end. */
  async answerPage(url: string): Promise<Response> {
    const { PAGE_POLICY } = await loadOpenApi();
    const root = new URL(url).pathname.endsWith("/") ? "../" : "";
    return new Response((await this.#loadPage()).toHtml(root), {
      headers: {
        "content-type": "text/html; charset=utf-8",
        "content-security-policy": PAGE_POLICY,
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
        "cache-control": "no-store",
      },
    });
  }

  /** @throws {ServeError} `resource_not_found` if the page has no such file. */
  async answerPageFile(name: string): Promise<Response> {
    const file: PageFile | undefined = (await this.#loadPage()).getFile(name);
    if (file === undefined) throw createResourceNotFound();
    return new Response(file.bytes, {
      headers: {
        "content-type": file.contentType,
        "x-content-type-options": "nosniff",
        "cache-control": FILE_CACHE_CONTROL,
      },
    });
  }

  /** Asks again after a failure: the disk may be there the next time. */
  #loadPage(): Promise<ApiPage> {
    this.#page ??= loadOpenApi().then(({ loadApiPage }) => loadApiPage(this.#options.version))
      .catch(
        (error: unknown) => {
          this.#page = undefined;
          throw error;
        },
      );
    return this.#page;
  }
}

function loadOpenApi(): Promise<typeof import("../openapi/mod.ts")> {
  return import("../openapi/mod.ts");
}
