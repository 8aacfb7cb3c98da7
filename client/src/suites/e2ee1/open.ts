import { base64url, compactVerify, errors, flattenedDecrypt, importSPKI } from "jose";
import { SuiteError } from "../errors.ts";
import type { Opened, OpenInput, SuiteState } from "../suite.ts";
import { bodyType, contentAlgorithm, keyAlgorithm, signatureAlgorithm, suiteName } from "./algorithms.ts";
import { digestOf } from "./digest.ts";
import type { E2ee1Keys } from "./keys.ts";
import { decodePayload, parseJson, type Payload } from "./payload.ts";

/**
 * Decrypts, verifies, and checks that what was signed is what the frame says. Nothing of a message is believed before
 * its signature holds, and nothing of its headers chooses an algorithm.
 *
 * @throws SuiteError MALFORMED, ALGORITHM_REFUSED, DECRYPTION_FAILED, SIGNATURE_INVALID, FRAME_MISMATCH, NOT_A_RECIPIENT
 */
export async function open(keys: E2ee1Keys, state: SuiteState, input: OpenInput): Promise<Opened> {
  const jws = await decrypt(keys, input);
  const payload = decodePayload(await verify(jws, input));
  refuseUnlessOf(payload, input);
  return { state, content: payload.content, time: payload.time, digest: await digestOf(jws) };
}

/** What a body consists of, and nothing else: an unprotected header or an own `alg` has no place in it. */
const bodyParts = ["protected", "iv", "ciphertext", "tag"] as const;

async function decrypt(keys: E2ee1Keys, input: OpenInput): Promise<string> {
  const parts = parseJson(strictBase64url(input.body, "body"), "body");
  const jwe: Record<string, string> = {};
  for (const name of bodyParts) {
    const part = parts[name];
    if (typeof part !== "string") throw new SuiteError("MALFORMED", `body: ${name}`);
    strictBase64url(part, `body: ${name}`);
    jwe[name] = part;
  }
  if (Object.keys(parts).length !== bodyParts.length)
    throw new SuiteError("MALFORMED", "body: more than its four parts");
  strictBase64url(input.header, "header");

  const { enc, typ, ...others } = parseJson(base64url.decode(jwe["protected"] ?? ""), "body: protected");
  if (enc !== contentAlgorithm) throw new SuiteError("ALGORITHM_REFUSED", `enc ${String(enc)}`);
  const [other] = Object.keys(others);
  if (other !== undefined) throw new SuiteError("ALGORITHM_REFUSED", `header parameter ${other}`);
  if (typ !== bodyType) throw new SuiteError("MALFORMED", `typ ${String(typ)}`);

  try {
    const { plaintext } = await flattenedDecrypt(
      {
        ...jwe,
        ciphertext: jwe["ciphertext"] ?? "",
        // Not from the network: the reader says which algorithm its key is for.
        header: { alg: keyAlgorithm, kid: input.deviceId },
        encrypted_key: input.header,
      },
      keys.decrypt,
      { keyManagementAlgorithms: [keyAlgorithm], contentEncryptionAlgorithms: [contentAlgorithm] },
    );
    return new TextDecoder("utf-8", { fatal: true }).decode(plaintext);
  } catch (error) {
    throw refusal(error, "DECRYPTION_FAILED");
  }
}

async function verify(jws: string, input: OpenInput): Promise<Uint8Array> {
  try {
    const key = await importSPKI(input.senderSigningKey, signatureAlgorithm);
    const { payload, protectedHeader } = await compactVerify(jws, key, { algorithms: [signatureAlgorithm] });
    if (protectedHeader.kid !== input.senderDevice) throw new SuiteError("FRAME_MISMATCH", "kid");
    return payload;
  } catch (error) {
    throw refusal(error, "SIGNATURE_INVALID");
  }
}

function refuseUnlessOf(payload: Payload, input: OpenInput): void {
  if (payload.suite !== suiteName) throw new SuiteError("FRAME_MISMATCH", "suite");
  for (const name of ["messageId", "conversationId", "senderUser", "senderDevice"] as const) {
    if (payload[name] !== input[name]) throw new SuiteError("FRAME_MISMATCH", name);
  }
  if (!payload.recipientDevices.includes(input.deviceId)) throw new SuiteError("NOT_A_RECIPIENT");
}

/** Which refusal a fault of jose's is: its code is stable, its message is not. */
function refusal(error: unknown, otherwise: "DECRYPTION_FAILED" | "SIGNATURE_INVALID"): SuiteError {
  if (error instanceof SuiteError) return error;
  if (error instanceof errors.JOSEAlgNotAllowed || error instanceof errors.JOSENotSupported) {
    return new SuiteError("ALGORITHM_REFUSED", error.message, error);
  }
  if (error instanceof errors.JWEInvalid || error instanceof errors.JWSInvalid) {
    return new SuiteError("MALFORMED", error.message, error);
  }
  return new SuiteError(otherwise, undefined, error);
}

/** base64url has several texts for the same bytes (RFC 4648 §3.5): only the one that an encoder writes is taken. */
function strictBase64url(text: string, part: string): Uint8Array {
  try {
    const bytes = base64url.decode(text);
    if (base64url.encode(bytes) === text) return bytes;
  } catch (error) {
    throw new SuiteError("MALFORMED", `${part}: not base64url`, error);
  }
  throw new SuiteError("MALFORMED", `${part}: not base64url`);
}
