import { deepStrictEqual } from "node:assert/strict";
import { testdata } from "../../support/started_handler.ts";

Deno.test("decodeImage() needs no permission once loadImageDecoder() has run", async () => {
  const url = new URL("../../testdata/image-worker/worker.ts", import.meta.url);
  const worker = new Worker(url, { type: "module" });
  try {
    const bytes = await Deno.readFile(testdata("image-classifier/landscape_640x480.jpg"));
    const answer = await new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = (event) => {
        event.preventDefault();
        reject(new Error(event.message));
      };
      worker.postMessage(bytes);
    });
    deepStrictEqual(answer, { width: 640, height: 480, left: [] });
  } finally {
    worker.terminate();
  }
});
