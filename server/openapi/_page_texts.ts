/** The API page's own texts; the rest of it is Swagger UI's. */

/**
 * The page itself. It has no inline script or style, so that its content policy can refuse all of them.
 *
 * @param root How the page gets to the folder that `docs` is in: `""` from `/docs`, `"../"` from `/docs/`.
 * @param version Told to the browser, which keeps the files until it changes.
 */
export function toPageHtml(root: "" | "../", version: string): string {
  return `<!doctype html>
<html lang="en" data-root="${root}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Marina API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="${root}docs/swagger-ui.css?v=${version}">
  </head>
  <body>
    <noscript>This page needs JavaScript; the document that it shows is <a href="${root}openapi.json">openapi.json</a>.</noscript>
    <div id="page"></div>
    <script src="${root}docs/swagger-ui-bundle.js?v=${version}"></script>
    <script src="${root}docs/start.js?v=${version}"></script>
  </body>
</html>
`;
}

/**
 * The document's address is absolute: the page shows it, for its reader to copy. There is no validator: that
 * one is a host of its own, and would be told each document's address.
 */
export const START_SCRIPT = `"use strict";
SwaggerUIBundle({
  url: new URL(document.documentElement.dataset.root + "openapi.json", location.href).href,
  dom_id: "#page",
  presets: [SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  validatorUrl: null,
  deepLinking: true,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
});
`;
