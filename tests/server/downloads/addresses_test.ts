import { strictEqual } from "node:assert/strict";
import { isPublicAddress } from "../../../server/downloads/_addresses.ts";

Deno.test.each([
  ...["127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.0.1", "169.254.169.254", "100.64.0.1"],
  ...["100.100.100.200", "0.0.0.0", "224.0.0.1", "240.0.0.1", "255.255.255.255", "198.18.0.1"],
  ...["192.0.0.192", "168.63.129.16", "[::1]", "::", "fe80::1", "fd00:ec2::254", "ff02::1"],
  ...["::ffff:127.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "2002:7f00:1::", "2001:db8::1"],
].map((address) => ({ address })))(
  "isPublicAddress() is false for $address",
  ({ address }) => strictEqual(isPublicAddress(address), false),
);

Deno.test.each([
  { address: "8.8.8.8" },
  { address: "172.32.0.1" },
  { address: "2606:4700::1" },
  { address: "[2606:4700::1]" },
])("isPublicAddress() is true for $address", ({ address }) => {
  strictEqual(isPublicAddress(address), true);
});
