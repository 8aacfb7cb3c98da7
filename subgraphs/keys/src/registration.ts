import { DomainError } from "@sealgraph/platform/errors.ts";
import { z } from "zod";
import type { RegisterDeviceInput } from "./generated/schema.ts";
import { maxDeviceNameLength, maxProofLength, maxPublicKeyLength } from "./limits.ts";
import { verifyProof } from "./proof.ts";
import { parseEncryptionKey, parseSigningKey } from "./public-keys.ts";

/** A registration whose form and proof are right; what remains to be seen is in the database. */
export interface Registration {
  readonly name: string;
  readonly encryptionKey: string;
  readonly signingKey: string;
}

const bounded = (maxLength: number) =>
  z.string().min(1, "is empty.").max(maxLength, `is over ${maxLength} characters.`);

const Input = z.object({
  name: z
    .string()
    // Before anything walks over it: a code point has at most two units, and some space around is forgiven.
    .max(maxDeviceNameLength * 4, `is over ${maxDeviceNameLength} characters.`)
    .refine((name) => name.isWellFormed(), "is not well-formed Unicode.")
    .transform((name) => name.trim())
    .refine((name) => name !== "", "is empty.")
    .refine((name) => Array.from(name).length <= maxDeviceNameLength, `is over ${maxDeviceNameLength} characters.`)
    .refine((name) => !/[\p{Cc}\u202A-\u202E\u2066-\u2069]/u.test(name), "holds control characters."),
  encryptionKey: bounded(maxPublicKeyLength),
  signingKey: bounded(maxPublicKeyLength),
  encryptionKeySignature: bounded(maxProofLength),
});

/** @throws DomainError BAD_USER_INPUT with `field`, or PROOF_INVALID */
export async function parseRegistration(userId: string, input: RegisterDeviceInput): Promise<Registration> {
  const parsed = Input.safeParse(input);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = String(issue?.path[0] ?? "input");
    throw new DomainError("BAD_USER_INPUT", `${field} ${issue?.message ?? "is malformed."}`, { detail: { field } });
  }
  const { name, encryptionKeySignature } = parsed.data;
  const encryptionKey = parseEncryptionKey(parsed.data.encryptionKey);
  const signingKey = parseSigningKey(parsed.data.signingKey);
  await verifyProof(encryptionKeySignature, { userId, encryptionKey, signingKey });
  return { name, encryptionKey: encryptionKey.pem, signingKey: signingKey.pem };
}
