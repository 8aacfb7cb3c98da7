import type { Suite } from "../suite.ts";
import { suiteName } from "./algorithms.ts";
import { exportKeys, generateKeys, importKeys, type E2ee1Keys } from "./keys.ts";
import { open } from "./open.ts";
import { proveRegistration } from "./registration.ts";
import { seal } from "./seal.ts";

/**
 * The starting suite: a JWS (Ed25519) inside a JWE (A256CBC-HS512, RSA-OAEP-256 per device), all of it `jose`. It has no
 * forward secrecy and keeps no state between messages; e2ee/2 will.
 */
export const e2ee1: Suite<E2ee1Keys> = {
  name: suiteName,
  rank: 1,
  generateKeys,
  exportKeys,
  importKeys,
  proveRegistration,
  initialState: () => ({}),
  seal,
  open,
};
