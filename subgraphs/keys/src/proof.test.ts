import { describe, expect, it } from "vitest";
import { generateDeviceKeys, payloadOf, proofOf, sign } from "../test/device-keys.ts";
import { verifyProof } from "./proof.ts";
import { parseEncryptionKey, parseSigningKey } from "./public-keys.ts";

const userId = "6f2a1c7e-0000-5000-8000-000000000001";
const keys = generateDeviceKeys();
const others = generateDeviceKeys();
const claim = {
  userId,
  encryptionKey: parseEncryptionKey(keys.encryption.pem),
  signingKey: parseSigningKey(keys.signing.pem),
};
const payload = payloadOf(userId, keys);
const eddsa = (over: unknown = payload, header: Record<string, unknown> = { alg: "EdDSA" }, by = keys) =>
  sign(over, header, by.signing.privateKey);
const ps256 = (over: unknown = payload, header: Record<string, unknown> = { alg: "PS256" }, by = keys) =>
  sign(over, header, by.encryption.privateKey);

type Signed = Awaited<ReturnType<typeof sign>>;
const general = (first: Signed, ...rest: Signed[]) =>
  JSON.stringify({ payload: first.payload, signatures: [first, ...rest].map(({ entry }) => entry) });

/** The right proof with something done to its JWS. */
async function tampered(change: (jws: any) => void): Promise<string> {
  const jws = JSON.parse(await proofOf(userId, keys));
  change(jws);
  return JSON.stringify(jws);
}
const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
function flipped(signature: string): string {
  const bytes = Buffer.from(signature, "base64url");
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  return bytes.toString("base64url");
}

describe("a proof of possession", () => {
  it("is a general JWS signed by both keys over both keys, the user and the purpose", async () => {
    await expect(verifyProof(await proofOf(userId, keys), claim)).resolves.toBeUndefined();
  });

  it("may order its payload's members as it likes", async () => {
    const reversed = Object.fromEntries(Object.entries(payload).reverse());
    await expect(verifyProof(await proofOf(userId, keys, reversed), claim)).resolves.toBeUndefined();
  });

  it("may hold the PEMs with or without the space around them", async () => {
    const trimmed = { ...payload, encryptionKey: keys.encryption.pem.trim(), signingKey: `\n${keys.signing.pem}\n` };
    await expect(verifyProof(await proofOf(userId, keys, trimmed), claim)).resolves.toBeUndefined();
  });

  const wrong: [string, () => Promise<string>][] = [
    ["no JSON", async () => "not JSON"],
    ["null", async () => "null"],
    ["a compact JWS", async () => JSON.stringify("a.b.c")],
    ["without signatures", async () => tampered((jws) => (jws.signatures = []))],
    ["signed by the signing key only", async () => general(await eddsa())],
    ["signed by the encryption key only", async () => general(await ps256())],
    ["signed twice by the signing key", async () => general(await eddsa(), await eddsa())],
    ["signed twice by the encryption key", async () => general(await ps256(), await ps256())],
    ["signed in the other order", async () => general(await ps256(), await eddsa())],
    ["signed three times", async () => general(await eddsa(), await ps256(), await eddsa())],
    [
      "signed by another signing key",
      async () => general(await eddsa(payload, { alg: "EdDSA" }, others), await ps256()),
    ],
    [
      "signed by another encryption key",
      async () => general(await eddsa(), await ps256(payload, { alg: "PS256" }, others)),
    ],
    [
      "with a changed first signature",
      () => tampered((jws) => (jws.signatures[0].signature = flipped(jws.signatures[0].signature))),
    ],
    [
      "with a changed second signature",
      () => tampered((jws) => (jws.signatures[1].signature = flipped(jws.signatures[1].signature))),
    ],
    ["with an empty signature", () => tampered((jws) => (jws.signatures[1].signature = ""))],
    ["with a changed payload", () => tampered((jws) => (jws.payload = base64url({ ...payload, userId: "other" })))],
    ["with the payload not encoded", () => tampered((jws) => (jws.payload = JSON.stringify(payload)))],
    ["signed with RS256", async () => general(await eddsa(), await ps256(payload, { alg: "RS256" }))],
    ["signed with PS512", async () => general(await eddsa(), await ps256(payload, { alg: "PS512" }))],
    [
      "that names Ed25519 instead of EdDSA",
      async () => general(await eddsa(payload, { alg: "Ed25519" }), await ps256()),
    ],
    [
      "with alg none",
      () => tampered((jws) => (jws.signatures[1] = { protected: base64url({ alg: "none" }), signature: "AA" })),
    ],
    ["with a kid beside alg", async () => general(await eddsa(payload, { alg: "EdDSA", kid: "x" }), await ps256())],
    [
      "with a key of its own in the header",
      async () => general(await eddsa(payload, { alg: "EdDSA", jwk: others.signing.pem }), await ps256()),
    ],
    ["with an unprotected header", () => tampered((jws) => (jws.signatures[0].header = { kid: "x" }))],
    ["with a further member", () => tampered((jws) => (jws.note = "x"))],
    ["over no JSON", async () => proofOf(userId, keys, "text")],
    ["over another purpose", async () => proofOf(userId, keys, { ...payload, purpose: "sealgraph/device/2" })],
    ["over another user", async () => proofOf(userId, keys, { ...payload, userId: userId.replace("1", "2") })],
    [
      "over another encryption key",
      async () => proofOf(userId, keys, { ...payload, encryptionKey: others.encryption.pem }),
    ],
    ["over another signing key", async () => proofOf(userId, keys, { ...payload, signingKey: others.signing.pem })],
    [
      "over keys that were swapped",
      async () =>
        proofOf(userId, keys, { ...payload, encryptionKey: keys.signing.pem, signingKey: keys.encryption.pem }),
    ],
    ["over more than that", async () => proofOf(userId, keys, { ...payload, admin: true })],
    ...Object.keys(payload).map((name): [string, () => Promise<string>] => [
      `over a payload without ${name}`,
      async () => {
        const { [name]: _left, ...rest } = payload;
        return proofOf(userId, keys, rest);
      },
    ]),
  ];
  it.each(wrong)("%s is PROOF_INVALID", async (_name, make) => {
    await expect(verifyProof(await make(), claim)).rejects.toMatchObject({
      name: "DomainError",
      code: "PROOF_INVALID",
    });
  });

  it("of one user is none for another", async () => {
    const proof = await proofOf(userId, keys);
    const other = { ...claim, userId: "6f2a1c7e-0000-5000-8000-000000000002" };
    await expect(verifyProof(proof, other)).rejects.toMatchObject({ code: "PROOF_INVALID" });
  });
});
