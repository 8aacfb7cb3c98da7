import { GeneralSign } from "jose";
import { possessionAlgorithm, signatureAlgorithm } from "./algorithms.ts";
import type { E2ee1Keys } from "./keys.ts";

/** Keeps a registration's signature from being taken for anything else that the key signs. */
const purpose = "sealgraph/device/1";

/**
 * A general JWS (RFC 7515 §7.2.1) signed by both keys over both public halves and the user: the signing key vouches for
 * the encryption key, and each proves that its private half is here (an encryption key proves possession by signing, as
 * a PKCS #10 request does).
 */
export async function proveRegistration(keys: E2ee1Keys, userId: string): Promise<string> {
  const payload = JSON.stringify({ purpose, userId, ...keys.public });
  const jws = await new GeneralSign(new TextEncoder().encode(payload))
    .addSignature(keys.sign)
    .setProtectedHeader({ alg: signatureAlgorithm })
    .addSignature(keys.provePossession)
    .setProtectedHeader({ alg: possessionAlgorithm })
    .sign();
  return JSON.stringify(jws);
}
