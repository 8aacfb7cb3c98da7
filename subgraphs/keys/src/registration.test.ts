import { generateKeyPairSync } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { generateDeviceKeys, proofOf } from "../test/device-keys.ts";
import type { RegisterDeviceInput } from "./generated/schema.ts";
import { parseRegistration } from "./registration.ts";

const userId = "6f2a1c7e-0000-5000-8000-000000000001";
const keys = generateDeviceKeys();
let right: RegisterDeviceInput;

beforeAll(async () => {
  right = {
    name: "Alice's phone",
    encryptionKey: keys.encryption.pem,
    signingKey: keys.signing.pem,
    encryptionKeySignature: await proofOf(userId, keys),
  };
});

const rsaPem = (bits: number, exponent = 65_537) =>
  generateDeviceKeys({ modulusBits: bits, publicExponent: exponent }).encryption.pem;
const pemOf = (type: "ed448" | "x25519") =>
  generateKeyPairSync(type as "ed448", { publicKeyEncoding: { format: "pem", type: "spki" } } as never)
    .publicKey as unknown as string;
const rsaPss = () =>
  generateKeyPairSync("rsa-pss", { modulusLength: 2_048 }).publicKey.export({ format: "pem", type: "spki" }).toString();
const privatePem = () => keys.signing.privateKey.export({ format: "pem", type: "pkcs8" }).toString();

describe("a registration", () => {
  it("gives the trimmed name and both keys", async () => {
    expect(await parseRegistration(userId, { ...right, name: "  Alice's phone " })).toEqual({
      name: "Alice's phone",
      encryptionKey: keys.encryption.pem.trim(),
      signingKey: keys.signing.pem.trim(),
    });
  });

  it("stores one text for one key, however its PEM was wrapped", async () => {
    const wrapped = keys.signing.pem.replaceAll("\n", "\r\n");
    const payload = {
      purpose: "sealgraph/device/1",
      userId,
      encryptionKey: keys.encryption.pem,
      signingKey: wrapped,
    };
    const input = { ...right, signingKey: wrapped, encryptionKeySignature: await proofOf(userId, keys, payload) };
    expect((await parseRegistration(userId, input)).signingKey).toBe(keys.signing.pem.trim());
  });

  it("takes an encryption key of 4096 bits", async () => {
    const large = { ...generateDeviceKeys({ modulusBits: 4_096 }), signing: keys.signing };
    const input = {
      ...right,
      encryptionKey: large.encryption.pem,
      encryptionKeySignature: await proofOf(userId, large),
    };
    expect((await parseRegistration(userId, input)).encryptionKey).toBe(large.encryption.pem.trim());
  });

  it("takes a name of 64 code points", async () => {
    const name = "\u{1F511}".repeat(64);
    expect((await parseRegistration(userId, { ...right, name })).name).toBe(name);
  });

  const wrong: [field: keyof RegisterDeviceInput, what: string, make: () => string][] = [
    ["name", "empty", () => ""],
    ["name", "only space", () => "   "],
    ["name", "65 code points long", () => "a".repeat(65)],
    ["name", "a megabyte of space", () => " ".repeat(1_000_000)],
    ["name", "with a line break", () => "a\nb"],
    ["name", "with a NUL", () => "a\0b"],
    ["name", "with an override of direction", () => "a\u202Eb"],
    ["name", "with half a surrogate pair", () => "a\uD800"],
    ["encryptionKey", "empty", () => ""],
    ["encryptionKey", "over 2048 characters", () => `${keys.encryption.pem}${" ".repeat(2_048)}`],
    ["encryptionKey", "no PEM", () => "key"],
    ["encryptionKey", "garbage in PEM", () => "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----"],
    ["encryptionKey", "RSA-1024", () => rsaPem(1_024)],
    ["encryptionKey", "RSA of 4608 bits", () => rsaPem(4_608)],
    ["encryptionKey", "RSA with exponent 3", () => rsaPem(2_048, 3)],
    ["encryptionKey", "RSA-PSS", rsaPss],
    ["encryptionKey", "an Ed25519 key", () => keys.signing.pem],
    ["encryptionKey", "two keys", () => keys.encryption.pem + keys.encryption.pem],
    ["encryptionKey", "a PKCS #1 PEM", () => keys.encryption.pem.replaceAll("PUBLIC KEY", "RSA PUBLIC KEY")],
    ["signingKey", "an RSA key", () => keys.encryption.pem],
    ["signingKey", "an Ed448 key", () => pemOf("ed448")],
    ["signingKey", "an X25519 key", () => pemOf("x25519")],
    ["signingKey", "a private key", privatePem],
    ["signingKey", "with text before it", () => `text\n${keys.signing.pem}`],
    ["encryptionKeySignature", "empty", () => ""],
    ["encryptionKeySignature", "over 8192 characters", () => " ".repeat(8_193)],
  ];
  it.each(wrong)(
    "with %s %s is BAD_USER_INPUT that names the field",
    async (field, _what, make) => {
      await expect(parseRegistration(userId, { ...right, [field]: make() })).rejects.toMatchObject({
        code: "BAD_USER_INPUT",
        detail: { field },
      });
    },
    30_000,
  );
});
