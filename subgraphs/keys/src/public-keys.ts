import { createPublicKey, type KeyObject } from "node:crypto";
import { DomainError } from "@sealgraph/platform/errors.ts";
import { maxModulusBits, minModulusBits } from "./limits.ts";

export interface PublicKey {
  /** As it was sent, trimmed: what the proof is about. */
  readonly given: string;
  /** SPKI PEM (RFC 7468 §13) as OpenSSL writes it: the same key has the same text, however it was wrapped. */
  readonly pem: string;
  readonly key: KeyObject;
}

/** Nothing but one SPKI block: createPublicKey would take a certificate or a private key, and ignore text around it. */
const spkiPem = /^-----BEGIN PUBLIC KEY-----\r?\n[A-Za-z0-9+/=\r\n]+-----END PUBLIC KEY-----$/;

/** F4: what every implementation generates; larger ones only make verifying slow. */
const publicExponent = 65_537n;

const refuse = (field: string, problem: string) =>
  new DomainError("BAD_USER_INPUT", `${field} ${problem}`, { detail: { field } });

function parse(field: string, text: string): PublicKey {
  const given = text.trim();
  if (!spkiPem.test(given)) throw refuse(field, "must be one public key in SPKI PEM.");
  try {
    const key = createPublicKey({ key: given, format: "pem", type: "spki" });
    return { given, key, pem: key.export({ format: "pem", type: "spki" }).toString().trim() };
  } catch {
    throw refuse(field, "is not a public key in SPKI PEM.");
  }
}

/** @throws DomainError BAD_USER_INPUT with `field` unless it is an RSA key of 2048 to 4096 bits. */
export function parseEncryptionKey(text: string): PublicKey {
  const parsed = parse("encryptionKey", text);
  const { asymmetricKeyType, asymmetricKeyDetails } = parsed.key;
  if (asymmetricKeyType !== "rsa") throw refuse("encryptionKey", "must be an RSA key (rsaEncryption).");
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  if (bits < minModulusBits || bits > maxModulusBits)
    throw refuse("encryptionKey", `must have ${minModulusBits} to ${maxModulusBits} bits, not ${bits}.`);
  if (asymmetricKeyDetails?.publicExponent !== publicExponent)
    throw refuse("encryptionKey", `must have the public exponent ${publicExponent}.`);
  return parsed;
}

/** @throws DomainError BAD_USER_INPUT with `field` unless it is an Ed25519 key. */
export function parseSigningKey(text: string): PublicKey {
  const parsed = parse("signingKey", text);
  if (parsed.key.asymmetricKeyType !== "ed25519") throw refuse("signingKey", "must be an Ed25519 key.");
  return parsed;
}
