/** Everything for Node and browsers; ./store/sqlite.ts and ./node/sign-in.ts are for Node alone. */
export { SealgraphClient, type ClientOptions } from "./client.ts";
export { describeContent, textContent, type Content, type TextContent, type UnknownContent } from "./content.ts";
export type { Device } from "./device.ts";
export { SealgraphError, type ClientErrorCode } from "./errors.ts";
export type { InboxEvent, Notice, ReceiptEvent } from "./events.ts";
export type { SentMessage } from "./send.ts";
export { memoryStore } from "./store/memory.ts";
export type * from "./store/store.ts";
export { SuiteError, suiteErrorCodes, type SuiteErrorCode } from "./suites/errors.ts";
export { e2ee1 } from "./suites/e2ee1/index.ts";
export type { Suite } from "./suites/suite.ts";
export type { NewDevices } from "./trust.ts";
export type { OnWire, WireEvent } from "./wire.ts";
