/**
 * Proof of possession: `encryptionKeySignature` is a general JWS (RFC 7515 §7.2.1) with two signatures, by the signing
 * key (EdDSA) and by the RSA encryption key (PS256; PKCS #10's way of proving possession of an encryption key), over one
 * payload that binds both keys to each other, to the user, and to this purpose.
 */
import type { KeyObject } from "node:crypto";
import { flattenedVerify } from "jose";
import { DomainError } from "@sealgraph/platform/errors.ts";
import { z } from "zod";
import type { PublicKey } from "./public-keys.ts";

/** What a proof is made for; one made for anything else is worth nothing here. */
export const proofPurpose = "sealgraph/device/1";

export interface Claim {
  readonly userId: string;
  readonly encryptionKey: PublicKey;
  readonly signingKey: PublicKey;
}

const base64url = z.string().regex(/^[\w-]+$/);
/** No unprotected `header`, and no other member: nothing in it that isn't signed. */
const ProofJws = z.strictObject({
  payload: base64url,
  signatures: z.tuple([
    z.strictObject({ protected: base64url, signature: base64url }),
    z.strictObject({ protected: base64url, signature: base64url }),
  ]),
});
type ProofJws = z.infer<typeof ProofJws>;

const ProofPayload = z.strictObject({
  purpose: z.literal(proofPurpose),
  userId: z.string(),
  encryptionKey: z.string(),
  signingKey: z.string(),
});

const invalid = (why: string) => new DomainError("PROOF_INVALID", `encryptionKeySignature ${why}`);

function parseJson<T>(text: string, schema: z.ZodType<T>, otherwise: string): T {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid("is not JSON text, or holds what is none.");
  }
  const parsed = schema.safeParse(value);
  if (!parsed.success) throw invalid(otherwise);
  return parsed.data;
}

const text = (encoded: string) => new TextDecoder().decode(Buffer.from(encoded, "base64url"));

async function verifySignature(jws: ProofJws, at: 0 | 1, alg: "EdDSA" | "PS256", key: KeyObject, name: string) {
  const entry = jws.signatures[at];
  // Pinned here, not taken from the header: exactly {"alg": …}, so no crit, kid, jwk or jku is ever looked at.
  parseJson(text(entry.protected), z.strictObject({ alg: z.literal(alg) }), `must have {"alg":"${alg}"} at ${at}.`);
  try {
    await flattenedVerify({ payload: jws.payload, ...entry }, key, { algorithms: [alg] });
  } catch {
    throw invalid(`is not signed by ${name} at ${at}.`);
  }
}

/** @throws DomainError PROOF_INVALID, saying which part is wrong. */
export async function verifyProof(proof: string, claim: Claim): Promise<void> {
  const jws = parseJson(proof, ProofJws, "must be a general JWS with exactly two signatures.");
  await verifySignature(jws, 0, "EdDSA", claim.signingKey.key, "signingKey");
  await verifySignature(jws, 1, "PS256", claim.encryptionKey.key, "encryptionKey");
  const payload = parseJson(
    text(jws.payload),
    ProofPayload,
    `must be over purpose "${proofPurpose}", userId and keys.`,
  );
  if (payload.userId !== claim.userId) throw invalid("is made for another user.");
  if (payload.encryptionKey.trim() !== claim.encryptionKey.given) throw invalid("is over another encryptionKey.");
  if (payload.signingKey.trim() !== claim.signingKey.given) throw invalid("is over another signingKey.");
}
