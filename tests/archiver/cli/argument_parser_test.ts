import { deepStrictEqual, throws } from "node:assert/strict";
import { ARCHIVE_OPTIONS } from "../../../archiver/cli/archive_options.ts";
import { parseArguments } from "../../../archiver/cli/argument_parser.ts";

const REQUIRED = ["--model-name", "m", "--handler", "h", "-v", "1"];

/** What `torch-model-archiver` 0.12.0 on Python 3.11 says to the same arguments. */
Deno.test.each([
  {
    args: [],
    message: "the following arguments are required: --model-name, --handler, -v/--version",
  },
  {
    args: ["--handler", "h"],
    message: "the following arguments are required: --model-name, -v/--version",
  },
  { args: ["--m", "x"], message: "ambiguous option: --m could match --model-name, --model-file" },
  { args: ["--m=x"], message: "ambiguous option: --m=x could match --model-name, --model-file" },
  { args: ["--model-name"], message: "argument --model-name: expected one argument" },
  { args: ["--handler", "-x"], message: "argument --handler: expected one argument" },
  { args: ["--handler", "--", "h"], message: "argument --handler: expected one argument" },
  { args: ["-v"], message: "argument -v/--version: expected one argument" },
  { args: ["-fx"], message: "argument -f/--force: ignored explicit argument 'x'" },
  { args: ["--force=1"], message: "argument -f/--force: ignored explicit argument '1'" },
  { args: ["--force="], message: "argument -f/--force: ignored explicit argument ''" },
  {
    args: [...REQUIRED, "--archive-format", "zip"],
    message: "argument --archive-format: invalid choice: 'zip' " +
      "(choose from 'tgz', 'no-archive', 'zip-store', 'default')",
  },
  {
    args: ["--archive-format", "it's"],
    message: 'argument --archive-format: invalid choice: "it\'s" ' +
      "(choose from 'tgz', 'no-archive', 'zip-store', 'default')",
  },
  { args: [...REQUIRED, "extra", "--foo"], message: "unrecognized arguments: extra --foo" },
  { args: [...REQUIRED, "--", "x"], message: "unrecognized arguments: -- x" },
  { args: [...REQUIRED, "-x", "y z"], message: "unrecognized arguments: -x y z" },
])("parseArguments() refuses $args as argparse does", ({ args, message }) => {
  throws(() => parseArguments(ARCHIVE_OPTIONS, args), { name: "UsageError", message });
});

Deno.test.each([
  { args: ["--version=2"], key: "--version", value: "2" },
  { args: ["--version", "2"], key: "--version", value: "2" },
  { args: ["-v2"], key: "--version", value: "2" },
  { args: ["-v=2"], key: "--version", value: "2" },
  { args: ["--ver", "2"], key: "--version", value: "2" },
  { args: ["--ver=2"], key: "--version", value: "2" },
  { args: ["-v", "-1.5"], key: "--version", value: "-1.5" },
  { args: ["-v", "-a b"], key: "--version", value: "-a b" },
  { args: ["-v", "-"], key: "--version", value: "-" },
  { args: ["-v", ""], key: "--version", value: "" },
  { args: ["--version="], key: "--version", value: "" },
  { args: ["-v", "2", "-v", "3"], key: "--version", value: "3" },
  { args: ["-fv3"], key: "--version", value: "3" },
  { args: ["-fr", "r.txt"], key: "--requirements-file", value: "r.txt" },
  { args: ["-rf"], key: "--requirements-file", value: "f" },
  { args: ["-f"], key: "--force", value: true },
  { args: ["--f"], key: "--force", value: true },
  { args: ["--ext", "a=b"], key: "--extra-files", value: "a=b" },
])("parseArguments() reads $args as argparse does", ({ args, key, value }) => {
  deepStrictEqual(parseArguments(ARCHIVE_OPTIONS, [...REQUIRED, ...args]).get(key), value);
});

Deno.test("parseArguments() stops at --help, however wrong what follows is", () => {
  const values = parseArguments(ARCHIVE_OPTIONS, ["--help", "--runtime", "node", "extra"]);
  deepStrictEqual([...values], [["--help", true]]);
});
