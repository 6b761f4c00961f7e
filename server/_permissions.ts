/** What `serve` needs to be allowed, asked before anything is opened: so that one message names all of it. */
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { isFromUrl } from "./_own_command.ts";
import { ConfigError, type ListenAddress, type ServerConfig } from "./config/mod.ts";
import { assertThreadPermissions, resolvePackagesDir } from "./scheduling/mod.ts";

/**
 * Asserts what reading the settings needs.
 *
 * @throws {ConfigError} If the environment may not be read.
 */
export function assertSettingsPermissions(): void {
  assertGranted([{ name: "env" }]);
}

/**
 * Asserts all that a server with these settings needs: what it opens itself, and what it hands on to worker
 * threads for as long as they are set up. A compiled program has all of it.
 *
 * @throws {ConfigError} If something is missing; the message names every flag.
 */
export function assertServePermissions(config: ServerConfig): void {
  if (Deno.build.standalone) return;
  assertGranted(listNeeded(config));
  // From a URL the flag may be missing, and this process may not start another that has it.
  if (isFromUrl() && config.isolation === "thread") assertThreadPermissions();
}

function listNeeded(config: ServerConfig): Deno.PermissionDescriptor[] {
  const { inferenceAddress, managementAddress, metricsAddress, logs, tempDir } = config;
  const packagesDir = resolvePackagesDir();
  const modules = isFromUrl() ? [] : [fileURLToPath(new URL("../", import.meta.url))];
  const written = [tempDir, ...new Set([logs.dir, logs.metricsDir])];
  const addresses = [inferenceAddress, managementAddress];
  if (config.isMetricsApiEnabled) addresses.push(metricsAddress);
  return [
    // Threads load the program's modules by their place, which counts as reading them.
    ...[packagesDir, ...modules, config.modelStore, ...written].map((path) =>
      ({ name: "read", path }) as const
    ),
    ...written.map((path) => ({ name: "write", path }) as const),
    ...addresses.flatMap(toDescriptors),
    { name: "sys" },
    { name: "ffi", path: packagesDir },
    ...config.isolation === "process" ? listNeededByProcesses(config) : [],
  ];
}

/** This program once more, and a socket to each, whose name is not known beforehand. */
function listNeededByProcesses({ workerChannel }: ServerConfig): Deno.PermissionDescriptor[] {
  const run = { name: "run", command: Deno.execPath() } as const;
  if (workerChannel === "tcp" || Deno.build.os === "windows") {
    return [run, { name: "net", host: "127.0.0.1:0" }];
  }
  return areSocketsAddresses() ? [run, { name: "net" }] : [run];
}

/** Whether the runtime asks for the net where a socket's file is opened: older ones do not know such hosts. */
function areSocketsAddresses(): boolean {
  try {
    Deno.permissions.querySync({ name: "net", host: "unix:/" });
    return true;
  } catch {
    return false;
  }
}

/** A socket is a file in its folder; the system gives a free port only to those that may have any. */
function toDescriptors(address: ListenAddress): Deno.PermissionDescriptor[] {
  if (address.transport === "tcp") {
    return [{ name: "net", host: `${address.hostname}:${address.port}` }];
  }
  const path = dirname(address.path);
  const files = [{ name: "read", path }, { name: "write", path }] as const;
  return areSocketsAddresses()
    ? [...files, { name: "net", host: `unix:${address.path}` }]
    : [...files];
}

function assertGranted(needed: readonly Deno.PermissionDescriptor[]): void {
  const missing = needed.filter((descriptor) =>
    Deno.permissions.querySync(descriptor).state !== "granted"
  );
  if (missing.length === 0) return;
  const flags = new Set(missing.map(toFlag));
  // A flag without a value means all values.
  const shortest = [...flags].filter((flag) => !flag.includes("=") || !flags.has(toName(flag)));
  throw new ConfigError(`Cannot start: permissions are missing, add ${shortest.join(" ")}`);
}

/** @returns The flag of the runtime that grants it. */
function toFlag(descriptor: Deno.PermissionDescriptor): string {
  const values = Object.entries(descriptor).filter(([key]) => key !== "name");
  const value = values.map(([, text]) => String(text).replaceAll(",", ",,"))[0];
  const flag = `--allow-${descriptor.name}`;
  return value === undefined ? flag : `${flag}=${value}`;
}

function toName(flag: string): string {
  return flag.slice(0, flag.indexOf("="));
}
