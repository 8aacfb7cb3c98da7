/** Making registrations, for tests: a device's keys and its proof, with every part open to being made wrong. */
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { FlattenedSign } from "jose";
import { proofPurpose } from "../src/proof.ts";

export interface DeviceKeys {
  readonly encryption: { readonly pem: string; readonly privateKey: KeyObject };
  readonly signing: { readonly pem: string; readonly privateKey: KeyObject };
}

const spkiOf = (key: KeyObject) => key.export({ format: "pem", type: "spki" }).toString();

export function generateDeviceKeys(options: { modulusBits?: number; publicExponent?: number } = {}): DeviceKeys {
  const rsa = generateKeyPairSync("rsa", {
    modulusLength: options.modulusBits ?? 2_048,
    publicExponent: options.publicExponent ?? 65_537,
  });
  const ed25519 = generateKeyPairSync("ed25519");
  return {
    encryption: { pem: spkiOf(rsa.publicKey), privateKey: rsa.privateKey },
    signing: { pem: spkiOf(ed25519.publicKey), privateKey: ed25519.privateKey },
  };
}

/** A new device as far as the server can tell: its signing key is new, its RSA key, slow to make, is the given one's. */
export function deviceKeysLike({ encryption }: DeviceKeys): DeviceKeys {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  return { encryption, signing: { pem: spkiOf(publicKey), privateKey } };
}

/** One entry of a general JWS's `signatures`, with the payload it is over. */
export async function sign(payload: unknown, header: Record<string, unknown>, privateKey: KeyObject) {
  const bytes = new TextEncoder().encode(typeof payload === "string" ? payload : JSON.stringify(payload));
  const jws = await new FlattenedSign(bytes).setProtectedHeader(header as { alg: string }).sign(privateKey);
  return { payload: jws.payload, entry: { protected: jws.protected ?? "", signature: jws.signature } };
}

export function payloadOf(userId: string, keys: DeviceKeys): Record<string, unknown> {
  return { purpose: proofPurpose, userId, encryptionKey: keys.encryption.pem, signingKey: keys.signing.pem };
}

/** What a right client sends as encryptionKeySignature. */
export async function proofOf(userId: string, keys: DeviceKeys, payload: unknown = payloadOf(userId, keys)) {
  const bySigning = await sign(payload, { alg: "EdDSA" }, keys.signing.privateKey);
  const byEncryption = await sign(payload, { alg: "PS256" }, keys.encryption.privateKey);
  return JSON.stringify({ payload: bySigning.payload, signatures: [bySigning.entry, byEncryption.entry] });
}
