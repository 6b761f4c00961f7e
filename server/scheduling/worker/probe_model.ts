/**
 * A model of one `Identity` node on one float, in the ONNX form (IR 8, opset 13): the smallest session
 * that shows whether a provider's libraries load and an adapter answers.
 */
export const PROBE_MODEL = Uint8Array.from(
  atob(
    "CAg6OwoQCgF4EgF5IghJZGVudGl0eRIFcHJvYmVaDwoBeBIKCggIARIECgIIAWIPCgF5EgoKCAgBEgQKAggBQgQKABAN",
  ),
  (character) => character.charCodeAt(0),
);
