import { CompactEncrypt, compactDecrypt } from "jose";
import { SealgraphError } from "../errors.ts";

/** RFC 7518 §4.8: a key derived from the passphrase wraps a random one. */
const keyAlgorithm = "PBES2-HS512+A256KW";
const contentAlgorithm = "A256GCM";
/** PBKDF2 rounds: OWASP's number for HMAC-SHA-512, about 0.1 s. */
const rounds = 210_000;

/** The text as a compact JWE under a passphrase. */
export function sealSecret(text: string, passphrase: string): Promise<string> {
  return new CompactEncrypt(new TextEncoder().encode(text))
    .setProtectedHeader({ alg: keyAlgorithm, enc: contentAlgorithm })
    .setKeyManagementParameters({ p2c: rounds })
    .encrypt(new TextEncoder().encode(passphrase));
}

/** @throws SealgraphError PASSPHRASE when it is not the right one. */
export async function openSecret(sealed: string, passphrase: string): Promise<string> {
  try {
    const { plaintext } = await compactDecrypt(sealed, new TextEncoder().encode(passphrase), {
      keyManagementAlgorithms: [keyAlgorithm],
      contentEncryptionAlgorithms: [contentAlgorithm],
      maxPBES2Count: rounds,
    });
    return new TextDecoder().decode(plaintext);
  } catch (error) {
    throw new SealgraphError("PASSPHRASE", "the passphrase does not open this store's private keys", { cause: error });
  }
}
