import { base64url, CompactSign, GeneralEncrypt, importSPKI } from "jose";
import type { Sealed, SealInput, SuiteState } from "../suite.ts";
import { bodyType, contentAlgorithm, keyAlgorithm, signatureAlgorithm } from "./algorithms.ts";
import { digestOf } from "./digest.ts";
import type { E2ee1Keys } from "./keys.ts";
import { encodePayload } from "./payload.ts";

/**
 * Sign, then encrypt: a JWS by the sending device inside a JWE in general JSON form with one RSA-OAEP-256 recipient per
 * device (RFC 7516 §7.2.1). The body is the JWE without its recipients, each header that device's encrypted key.
 *
 * @throws TypeError without recipients, or with one twice.
 */
export async function seal(keys: E2ee1Keys, state: SuiteState, input: SealInput): Promise<Sealed> {
  const ids = input.recipients.map((recipient) => recipient.deviceId);
  if (ids.length === 0) throw new TypeError("a message needs a recipient");
  if (new Set(ids).size !== ids.length) throw new TypeError("a device is among the recipients twice");

  const jws = await new CompactSign(encodePayload(input))
    .setProtectedHeader({ alg: signatureAlgorithm, kid: input.senderDevice })
    .sign(keys.sign);

  const jwe = new GeneralEncrypt(new TextEncoder().encode(jws)).setProtectedHeader({
    enc: contentAlgorithm,
    typ: bodyType,
  });
  for (const { deviceId, encryptionKey } of input.recipients) {
    jwe
      .addRecipient(await importSPKI(encryptionKey, keyAlgorithm))
      .setUnprotectedHeader({ alg: keyAlgorithm, kid: deviceId });
  }
  const { protected: protectedHeader, iv, ciphertext, tag, recipients } = await jwe.encrypt();

  return {
    state,
    body: base64url.encode(JSON.stringify({ protected: protectedHeader, iv, ciphertext, tag })),
    headers: new Map(ids.map((id, index) => [id, encryptedKeyOf(recipients[index])])),
    digest: await digestOf(jws),
  };
}

function encryptedKeyOf(recipient: { encrypted_key?: string } | undefined): string {
  if (recipient?.encrypted_key === undefined) throw new TypeError("the JWE has no key for a recipient");
  return recipient.encrypted_key;
}
