import type { S3Credentials } from "./server_config.ts";

/** Reads AWS's own variables; `undefined` unless the key, its secret and the region are there. */
export function readS3Credentials(): S3Credentials | undefined {
  const accessKeyId = Deno.env.get("AWS_ACCESS_KEY_ID");
  const secretAccessKey = Deno.env.get("AWS_SECRET_ACCESS_KEY");
  const region = Deno.env.get("AWS_DEFAULT_REGION") ?? Deno.env.get("AWS_REGION");
  const sessionToken = Deno.env.get("AWS_SESSION_TOKEN");
  if (!accessKeyId || !secretAccessKey || !region) return undefined;
  return { accessKeyId, secretAccessKey, region, ...(sessionToken ? { sessionToken } : {}) };
}
