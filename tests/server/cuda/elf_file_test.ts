import { deepStrictEqual, ok, strictEqual, throws } from "node:assert/strict";
import { parseElf, readElf } from "../../../server/cuda/elf_file.ts";
import { parseLoaderCache } from "../../../server/cuda/loader_cache.ts";
import { buildElf, buildLoaderCache } from "../../support/elf_builder.ts";

function parse(bytes: Uint8Array) {
  return parseElf((offset, length) => bytes.subarray(offset, offset + length));
}

Deno.test("parseElf() reads name, needs and run path of a library", () => {
  const library = {
    machine: 62,
    soname: "libcublas.so.13",
    needed: ["libcublasLt.so.13", "libc.so.6"],
  };
  deepStrictEqual(parse(buildElf({ ...library, runPath: "$ORIGIN:/opt/lib" })), {
    ...library,
    runPath: ["$ORIGIN", "/opt/lib"],
  });
  deepStrictEqual(parse(buildElf({ machine: 183 })), {
    machine: 183,
    soname: undefined,
    needed: [],
    runPath: [],
  });
});

Deno.test("parseElf() refuses what is no library, and every library that is cut short", () => {
  throws(() => parse(new TextEncoder().encode("#!/bin/sh\n".repeat(20))), { name: "SyntaxError" });
  const whole = buildElf({ needed: ["libc.so.6"] });
  const bits32 = whole.slice();
  bits32[4] = 1;
  throws(() => parse(bits32), { message: "no 64-bit little-endian ELF file" });
  for (let length = 0; length < whole.length; length++) {
    throws(() => parse(whole.subarray(0, length)), { name: "SyntaxError" }, `${length} bytes`);
  }
});

Deno.test("parseElf() ends for any byte that is changed", () => {
  const whole = buildElf({ needed: ["libc.so.6"], runPath: "$ORIGIN" });
  for (let at = 0; at < whole.length; at++) {
    const broken = whole.slice();
    broken[at] = 0xff;
    try {
      parse(broken);
    } catch (error) {
      ok(error instanceof SyntaxError || error instanceof RangeError, `byte ${at}: ${error}`);
    }
  }
});

Deno.test({
  name: "readElf() reads the libraries that this process runs with",
  ignore: Deno.build.os !== "linux",
  fn() {
    const maps = Deno.readTextFileSync("/proc/self/maps");
    const libc = /(\/\S*\/libc[-.]\S*)$/m.exec(maps)?.[1];
    ok(libc !== undefined);
    const { soname, machine } = readElf(libc);
    strictEqual(soname, "libc.so.6");
    strictEqual(machine, Deno.build.arch === "x86_64" ? 62 : 183);
  },
});

Deno.test("parseLoaderCache() gives the paths of each name in their order", () => {
  const cache = buildLoaderCache([["liba.so.1", "/x/liba.so.1"], ["libb.so", "/y/libb.so"], [
    "liba.so.1",
    "/z/liba.so.1",
  ]]);
  const expected = new Map([["liba.so.1", ["/x/liba.so.1", "/z/liba.so.1"]], ["libb.so", [
    "/y/libb.so",
  ]]]);
  deepStrictEqual(parseLoaderCache(cache), expected);
  deepStrictEqual(
    parseLoaderCache(Uint8Array.from([...new Array(16).fill(1), ...cache])),
    expected,
  );
  strictEqual(parseLoaderCache(new TextEncoder().encode("another form")).size, 0);
  parseLoaderCache(cache.subarray(0, 60));
});
