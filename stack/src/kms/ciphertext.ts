import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { invalidCiphertext } from "./errors.ts";
import type { MasterKey } from "./key-store.ts";

/** What the caller gives with every call; the same pairs, in any order, are needed to decrypt. */
export type EncryptionContext = Record<string, string>;

/** version (1) || key id (16) || nonce (12) || ciphertext || tag (16): a blob names its key, as AWS' does. */
const version = 1;
const headerBytes = 1 + 16;
const nonceBytes = 12;
const tagBytes = 16;

export function encrypt(key: MasterKey, plain: Buffer, context: EncryptionContext): Buffer {
  const header = Buffer.concat([Buffer.of(version), Buffer.from(key.id.replaceAll("-", ""), "hex")]);
  const nonce = randomBytes(nonceBytes);
  const cipher = createCipheriv("aes-256-gcm", Buffer.from(key.material, "base64"), nonce);
  cipher.setAAD(additionalData(header, context));
  return Buffer.concat([header, nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** The id of the key that made the blob. Throws InvalidCiphertextException for what is no blob. */
export function keyIdOf(blob: Buffer): string {
  if (blob.length <= headerBytes + nonceBytes + tagBytes || blob[0] !== version) throw invalidCiphertext();
  return blob.toString("hex", 1, headerBytes).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** Throws InvalidCiphertextException when anything, the context included, is not what was encrypted. */
export function decrypt(key: MasterKey, blob: Buffer, context: EncryptionContext): Buffer {
  const header = blob.subarray(0, headerBytes);
  const nonce = blob.subarray(headerBytes, headerBytes + nonceBytes);
  const decipher = createDecipheriv("aes-256-gcm", Buffer.from(key.material, "base64"), nonce, {
    authTagLength: tagBytes,
  });
  decipher.setAAD(additionalData(header, context));
  decipher.setAuthTag(blob.subarray(-tagBytes));
  try {
    return Buffer.concat([decipher.update(blob.subarray(headerBytes + nonceBytes, -tagBytes)), decipher.final()]);
  } catch {
    throw invalidCiphertext();
  }
}

/** JSON of sorted pairs: no two contexts have the same. */
function additionalData(header: Buffer, context: EncryptionContext): Buffer {
  const pairs = Object.entries(context).sort(([a], [b]) => (a < b ? -1 : 1));
  return Buffer.concat([header, Buffer.from(JSON.stringify(pairs))]);
}
