import { strictEqual } from "node:assert/strict";
import { maskSecrets } from "../../../server/logging/mod.ts";

Deno.test.each([
  { text: "/models?token=abc", masked: "/models?token=***" },
  { text: "/models?a=1&api_key=abc&b=2", masked: "/models?a=1&api_key=***&b=2" },
  { text: "/token?type=management&key=k%20v", masked: "/token?type=management&key=***" },
  { text: "/x?PASSWORD=a%26b", masked: "/x?PASSWORD=***%26b" },
  { text: "https://me:pw@host/a.mar", masked: "https://***@host/a.mar" },
  {
    text: "/models?url=https%3A%2F%2Fme%3Apw%40host%2Fa.mar&synchronous=true",
    masked: "/models?url=https%3A%2F%2F***%40host%2Fa.mar&synchronous=true",
  },
  {
    text: "/models?url=https%3A%2F%2Fs3%2Fa.mar%3FX-Amz-Signature%3Dabc%26x%3D1",
    masked: "/models?url=https%3A%2F%2Fs3%2Fa.mar%3FX-Amz-Signature%3D***%26x%3D1",
  },
  { text: "sent Bearer abc.def-1= there", masked: "sent Bearer *** there" },
])("maskSecrets() makes $text to $masked", ({ text, masked }) => {
  strictEqual(maskSecrets(text), masked);
});

Deno.test.each([
  "/models?url=mnist.mar&batch_size=2&next_page_size=3",
  "/predictions/tokenizer",
  "http://127.0.0.1:8080/ping",
  "Cannot load mail@example.org",
])("maskSecrets() leaves %s as it is", (text) => strictEqual(maskSecrets(text), text));
