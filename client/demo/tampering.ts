/** Suites that lie, for showing that a reader notices. Each is what e2ee/1 makes, with one thing wrong. */
import { base64url } from "jose";
import { e2ee1, type Suite } from "../src/index.ts";
import type { E2ee1Keys } from "../src/suites/e2ee1/keys.ts";

/** One bit of the ciphertext is another after encryption, as a server or a network could make it. */
export const flipsOneBit: Suite<E2ee1Keys> = {
  ...e2ee1,
  async seal(keys, state, input) {
    const sealed = await e2ee1.seal(keys, state, input);
    const jwe = JSON.parse(new TextDecoder().decode(base64url.decode(sealed.body))) as { ciphertext: string };
    const ciphertext = base64url.decode(jwe.ciphertext);
    ciphertext[40] = (ciphertext[40] ?? 0) ^ 1;
    return { ...sealed, body: base64url.encode(JSON.stringify({ ...jwe, ciphertext: base64url.encode(ciphertext) })) };
  },
};

/** Signs with a key that is not the device's, as somebody would who has taken over the account but not the device. */
export function signsWith(other: E2ee1Keys): Suite<E2ee1Keys> {
  return { ...e2ee1, seal: (keys, state, input) => e2ee1.seal({ ...keys, sign: other.sign }, state, input) };
}
