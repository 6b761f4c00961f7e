import { ok, strictEqual } from "node:assert/strict";
import { isRemoteUrl, toFileName } from "../../../server/downloads/mod.ts";
import { parseRemoteUrl, toLogUrl } from "../../../server/downloads/remote_url.ts";

Deno.test.each([
  { text: "https://models.example@evil.example/net.mar" },
  { text: "https://@models.example/net.mar" },
  { text: "https://user:key@models.example/net.mar" },
  { text: "https:\\\\models.example\\net.mar" },
  { text: "https://models.example\\@evil.example/net.mar" },
  { text: "https://models.example/a b.mar" },
  { text: "https://models\t.example/net.mar" },
  { text: "https://models.example/net.mar\n" },
  { text: "file://models.example/share/net.mar" },
  { text: "https://" },
  { text: "ftp://models.example/net.mar" },
])("parseRemoteUrl() refuses $text, which readers could take for different URLs", ({ text }) => {
  strictEqual(parseRemoteUrl(text), undefined);
});

Deno.test.each([
  {
    text: "HTTPS://Models.Example:443/a/./b/%2e%2e/net.mar#part",
    href: "https://models.example/a/net.mar",
  },
  { text: "http://0x7f.1/net.mar", href: "http://127.0.0.1/net.mar" },
  { text: "http://2130706433/net.mar", href: "http://127.0.0.1/net.mar" },
  { text: "http://[0:0::1]/net.mar", href: "http://[::1]/net.mar" },
  { text: "http://①②⑦.0.0.1/net.mar", href: "http://127.0.0.1/net.mar" },
  {
    text: "https://models.example/a@b/net.mar?to=c@d",
    href: "https://models.example/a@b/net.mar?to=c@d",
  },
  { text: "file:/models/net.mar", href: "file:///models/net.mar" },
])("parseRemoteUrl() reads $text as $href", ({ text, href }) => {
  strictEqual(parseRemoteUrl(text)?.href, href);
});

Deno.test.each([
  { url: "https://models.example/net.mar?signature=x/y.mar", name: "net.mar" },
  { url: "https://models.example/caf%C3%A9.mar", name: "café.mar" },
  { url: "https://models.example/", name: undefined },
  { url: "https://models.example/folder/", name: undefined },
  { url: "https://models.example/.net.mar", name: undefined },
  { url: "https://models.example/%2Enet.mar", name: undefined },
  { url: "https://models.example/a%2Fnet.mar", name: undefined },
  { url: "https://models.example/a%5Cnet.mar", name: undefined },
  { url: "https://models.example/net%00.mar", name: undefined },
  { url: "https://models.example/net%0A.mar", name: undefined },
  { url: "https://models.example/net%FF.mar", name: undefined },
])("toFileName() names what comes from $url: $name", ({ url, name }) => {
  strictEqual(toFileName(url), name);
});

Deno.test("isRemoteUrl() tells URLs from names in the model store, whatever their case", () => {
  ok(isRemoteUrl("HTTP://a/b") && isRemoteUrl("File:/a"));
  ok(!isRemoteUrl("http.mar") && !isRemoteUrl("/models/net.mar") && !isRemoteUrl("ftp://a/b"));
});

Deno.test("toLogUrl() keeps a pre-signed URL's query out of the log", () => {
  strictEqual(
    toLogUrl(new URL("https://models.example/net.mar?X-Amz-Signature=secret")),
    "https://models.example/net.mar?…",
  );
});

Deno.test("parseRemoteUrl() refuses more than 2048 characters", () => {
  const start = "https://models.example/";
  ok(parseRemoteUrl(start.padEnd(2048, "a")) !== undefined);
  strictEqual(parseRemoteUrl(start.padEnd(2049, "a")), undefined);
});

Deno.test("toFileName() takes names of up to 255 bytes, which file systems do", () => {
  const longest = `${"é".repeat(125)}a.mar`;
  strictEqual(toFileName(`https://models.example/${encodeURIComponent(longest)}`), longest);
  strictEqual(toFileName(`https://models.example/${encodeURIComponent(`a${longest}`)}`), undefined);
});
