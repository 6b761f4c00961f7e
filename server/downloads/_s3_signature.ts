import { AwsV4Signer } from "aws4fetch";
import type { S3Credentials } from "../config/mod.ts";

/**
 * Headers that make a GET one of S3's own, for an object that a key of KMS encrypts: the signature of
 * version 4, as TorchServe's `s3_sse_kms` asks for.
 *
 * @param signedAt Now unless given.
 */
export async function signS3Request(
  url: URL,
  credentials: S3Credentials,
  signedAt: Date = new Date(),
): Promise<Headers> {
  const signer = new AwsV4Signer({
    ...credentials,
    url: url.href,
    method: "GET",
    service: "s3",
    headers: { "x-amz-server-side-encryption": "aws:kms" },
    datetime: signedAt.toISOString().replaceAll(/[:-]|\.\d{3}/g, ""),
  });
  const { headers } = await signer.sign();
  return headers;
}
