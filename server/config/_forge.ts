/** The library for keystores and certificates; imported only once one of them is needed. */
// @ts-types="@types/node-forge"
export { default as forge } from "node-forge";
