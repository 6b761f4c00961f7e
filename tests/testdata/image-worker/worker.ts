import { decodeImage, loadImageDecoder } from "marina";

const port = self as unknown as {
  onmessage: (event: MessageEvent<Uint8Array>) => Promise<void>;
  postMessage(message: unknown): void;
};

port.onmessage = async ({ data }) => {
  await loadImageDecoder();
  const names = ["ffi", "read", "env", "sys", "net", "write", "run", "import"] as const;
  const left: string[] = [];
  for (const name of names) {
    const { state } = await Deno.permissions.revoke({ name });
    if (state === "granted") left.push(name);
  }
  const { width, height } = await decodeImage(data);
  port.postMessage({ width, height, left });
};
