/**
 * Writes vectors/*.json: `node client/src/suites/e2ee1/make-vectors.ts`. The keys are fixed (vectors/keys.json, made once,
 * public, never to be used); each message is made anew, since RSA-OAEP and the IV are random. An implementation of the
 * suite must open those of accepted.json and refuse those of refused.json with the code given.
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { base64url, CompactSign, GeneralEncrypt, importSPKI } from "jose";
import { textContent } from "../../content.ts";
import { bodyType, contentAlgorithm, keyAlgorithm, signatureAlgorithm } from "./algorithms.ts";
import { e2ee1 } from "./index.ts";
import type { E2ee1Keys } from "./keys.ts";

const ids = {
  messageId: "0199f2c4-7c00-7abc-8def-0123456789ab",
  conversationId: "5b0e8c5e-3f3c-5d0a-9a53-1f0d5f0f6a11",
  senderUser: "8f14e45f-ceea-567a-9a2f-6d0e3b1c7d01",
  senderDevice: "0199f2c4-0000-7000-8000-00000000000a",
  bobDevice: "0199f2c4-0000-7000-8000-00000000000b",
  eveDevice: "0199f2c4-0000-7000-8000-00000000000e",
};
const time = "2026-01-02T03:04:05.678Z";

const file = (name: string) => new URL(`vectors/${name}.json`, import.meta.url);
const write = (name: string, value: unknown) => writeFileSync(file(name), `${JSON.stringify(value, null, 2)}\n`);

if (!existsSync(file("keys"))) {
  const exported = async () => JSON.parse(await e2ee1.exportKeys(await e2ee1.generateKeys())) as unknown;
  write("keys", { alice: await exported(), bob: await exported(), eve: await exported() });
}
const stored = JSON.parse(readFileSync(file("keys"), "utf8")) as Record<"alice" | "bob" | "eve", unknown>;
const alice = await e2ee1.importKeys(JSON.stringify(stored.alice));
const bob = await e2ee1.importKeys(JSON.stringify(stored.bob));
const eve = await e2ee1.importKeys(JSON.stringify(stored.eve));

interface Choices {
  payload?: Record<string, unknown>;
  signer?: E2ee1Keys;
  jwsHeader?: Record<string, string>;
  jweHeader?: Record<string, string>;
  keyAlg?: string;
  signed?: string;
}

const payload = {
  suite: e2ee1.name,
  messageId: ids.messageId,
  conversationId: ids.conversationId,
  senderUser: ids.senderUser,
  senderDevice: ids.senderDevice,
  recipientDevices: [ids.bobDevice],
  time,
  content: { v: 1, type: "text", text: "The tide is at nine." },
};

/** The suite's two layers made by hand, so that each can be made wrongly. */
async function craft(choices: Choices = {}) {
  const jws =
    choices.signed ??
    (await new CompactSign(new TextEncoder().encode(JSON.stringify({ ...payload, ...choices.payload })))
      .setProtectedHeader({ alg: signatureAlgorithm, kid: ids.senderDevice, ...choices.jwsHeader })
      .sign(choices.jwsHeader?.["alg"] === "PS256" ? alice.provePossession : (choices.signer ?? alice).sign));
  const alg = choices.keyAlg ?? keyAlgorithm;
  const jwe = new GeneralEncrypt(new TextEncoder().encode(jws)).setProtectedHeader({
    enc: contentAlgorithm,
    typ: bodyType,
    ...choices.jweHeader,
  });
  jwe.addRecipient(await importSPKI(bob.public.encryptionKey, alg)).setUnprotectedHeader({ alg });
  const { protected: header, iv, ciphertext, tag, recipients } = await jwe.encrypt();
  return {
    body: base64url.encode(JSON.stringify({ protected: header, iv, ciphertext, tag })),
    header: recipients[0]?.encrypted_key ?? "",
  };
}

const frame = {
  messageId: ids.messageId,
  conversationId: ids.conversationId,
  senderUser: ids.senderUser,
  senderDevice: ids.senderDevice,
  senderSigningKey: alice.public.signingKey,
  deviceId: ids.bobDevice,
};

const sealed = await e2ee1.seal(
  alice,
  {},
  {
    ...ids,
    time,
    content: textContent("The tide is at nine."),
    recipients: [
      { deviceId: ids.eveDevice, encryptionKey: eve.public.encryptionKey },
      { deviceId: ids.bobDevice, encryptionKey: bob.public.encryptionKey },
    ],
  },
);

write("accepted", [
  {
    name: "a text for two devices",
    frame: { ...frame, body: sealed.body, header: sealed.headers.get(ids.bobDevice) },
    content: { type: "text", text: "The tide is at nine." },
    time,
    digest: sealed.digest,
  },
  {
    name: "content of a type that is not known yet",
    frame: { ...frame, ...(await craft({ payload: { content: { v: 2, type: "reaction", to: "x", sign: "+" } } })) },
    content: {
      type: "unknown",
      named: { type: "reaction", v: 2 },
      value: { v: 2, type: "reaction", to: "x", sign: "+" },
    },
    time,
  },
]);

const unsigned = `${base64url.encode(JSON.stringify({ alg: "none", kid: ids.senderDevice }))}.${base64url.encode(JSON.stringify(payload))}.`;
const refused: { name: string; code: string; choices: Choices }[] = [
  { name: "signed by another device's key", code: "SIGNATURE_INVALID", choices: { signer: eve } },
  { name: "signed with PS256", code: "ALGORITHM_REFUSED", choices: { jwsHeader: { alg: "PS256" } } },
  { name: "not signed (alg none)", code: "ALGORITHM_REFUSED", choices: { signed: unsigned } },
  { name: "no JWS inside", code: "MALFORMED", choices: { signed: "hello" } },
  { name: "another content encryption", code: "ALGORITHM_REFUSED", choices: { jweHeader: { enc: "A256GCM" } } },
  { name: "the key wrapped with RSA-OAEP over SHA-1", code: "DECRYPTION_FAILED", choices: { keyAlg: "RSA-OAEP" } },
  { name: "another typ", code: "MALFORMED", choices: { jweHeader: { typ: "JWT" } } },
  { name: "compressed", code: "ALGORITHM_REFUSED", choices: { jweHeader: { zip: "DEF" } } },
  { name: "another message's id signed", code: "FRAME_MISMATCH", choices: { payload: { messageId: ids.bobDevice } } },
  {
    name: "another conversation signed",
    code: "FRAME_MISMATCH",
    choices: { payload: { conversationId: ids.bobDevice } },
  },
  { name: "another sender signed", code: "FRAME_MISMATCH", choices: { payload: { senderUser: ids.bobDevice } } },
  { name: "another device signed", code: "FRAME_MISMATCH", choices: { payload: { senderDevice: ids.bobDevice } } },
  { name: "another kid", code: "FRAME_MISMATCH", choices: { jwsHeader: { kid: ids.eveDevice } } },
  { name: "another suite signed", code: "FRAME_MISMATCH", choices: { payload: { suite: "e2ee/2" } } },
  { name: "meant for others", code: "NOT_A_RECIPIENT", choices: { payload: { recipientDevices: [ids.eveDevice] } } },
  { name: "no time", code: "MALFORMED", choices: { payload: { time: "soon" } } },
  { name: "content without a type", code: "MALFORMED", choices: { payload: { content: { v: 1 } } } },
];
write(
  "refused",
  await Promise.all(
    refused.map(async ({ name, code, choices }) => ({ name, code, frame: { ...frame, ...(await craft(choices)) } })),
  ),
);
