import { ok, strictEqual, throws } from "node:assert/strict";
import { AllowedUrls } from "../../../server/downloads/mod.ts";

Deno.test.each([
  {
    pattern: "https://models\\.example/.*",
    url: "https://models.example/net.mar",
    isAllowed: true,
  },
  {
    pattern: "HTTPS://MODELS\\.EXAMPLE/NET.MAR",
    url: "https://models.example/net.mar",
    isAllowed: true,
  },
  { pattern: "https://models\\.example/", url: "https://models.example/net.mar", isAllowed: false },
  {
    pattern: "models\\.example/net\\.mar",
    url: "https://models.example/net.mar",
    isAllowed: false,
  },
  { pattern: "http(s)?://.*", url: "file:///models/net.mar", isAllowed: false },
  { pattern: "file://.*", url: "file:///models/net.mar", isAllowed: true },
  { pattern: "https://a/.*|https://b/.*", url: "https://b/net.mar", isAllowed: true },
  { pattern: "https://\\Qmodels.example\\E/.*", url: "https://models.example/a", isAllowed: true },
])(
  "AllowedUrls.includes() matches $pattern with the whole of $url, in any case: $isAllowed (§2 allowed_urls)",
  ({
    pattern,
    url,
    isAllowed,
  }) => {
    strictEqual(
      new AllowedUrls(["https://never\\.example/", pattern]).includes(new URL(url)),
      isAllowed,
    );
  },
);

Deno.test("AllowedUrls includes nothing when there is no pattern, the default (§2 allowed_urls)", () => {
  ok(!new AllowedUrls([]).includes(new URL("https://models.example/net.mar")));
});

Deno.test("AllowedUrls.includes() answers at once for a pattern that stalls a backtracking engine", () => {
  const allowed = new AllowedUrls(["(https?://(a+)+)+!"]);
  ok(!allowed.includes(new URL(`http://${"a".repeat(60)}/${"a".repeat(1900)}`)));
});

Deno.test.each([
  { pattern: "http://127\\.0\\.0\\.1:8000/.*", url: "http://127.0.0.1:8000/a", isNamed: true },
  { pattern: "http://127.0.0.1:8000/.*", url: "http://127.0.0.1:8000/a", isNamed: true },
  {
    pattern: "http(s)?://(models|127\\.0\\.0\\.1)(:\\d+)?/.*",
    url: "http://127.0.0.1/a",
    isNamed: true,
  },
  { pattern: "http://\\[::1\\]:80.*/.*", url: "http://[::1]:8000/a", isNamed: true },
  { pattern: "http://Store\\.Internal/.*", url: "http://store.internal/a", isNamed: true },
  { pattern: "http://.*", url: "http://127.0.0.1/a", isNamed: false },
  { pattern: "http://127\\..*", url: "http://127.0.0.1/a", isNamed: false },
  { pattern: "http://127\\.0\\.0\\.1\\d?/.*", url: "http://127.0.0.1/a", isNamed: false },
  { pattern: "http://.*/127\\.0\\.0\\.1/.*", url: "http://127.0.0.1/127.0.0.1/a", isNamed: false },
  { pattern: "http://x\\.store/.*|http://a\\.store/.*", url: "http://store/a", isNamed: false },
  { pattern: "http://store/only", url: "http://store/a", isNamed: false },
])("AllowedUrls.namesHostOf() finds the host of $url spelled out in $pattern: $isNamed", ({
  pattern,
  url,
  isNamed,
}) => {
  strictEqual(new AllowedUrls(["http://.*", pattern]).namesHostOf(new URL(url)), isNamed);
});

Deno.test.each([
  { pattern: "https://(models", reason: "missing closing \\)" },
  { pattern: "https://(?!evil).*", reason: "invalid" },
  { pattern: "(a)\\1", reason: "invalid escape" },
])("AllowedUrls refuses the pattern $pattern at the start, with the reason (§2 allowed_urls)", ({
  pattern,
  reason,
}) => {
  throws(() => new AllowedUrls(["https://a/", pattern]), {
    name: "ConfigError",
    message: new RegExp(
      `^Cannot start: setting "allowed_urls" must be .*${reason}`,
    ),
  });
});
