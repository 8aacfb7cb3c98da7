import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { describe, expect, test } from "vitest";
import { createOpener, createSealer, type SealContext } from "./envelope.ts";
import { contextOfDataKey, encodeContext } from "./envelope-context.ts";
import { DomainError } from "./errors.ts";
import type { EncryptionContext, Kms } from "./kms.ts";

/** A master key in memory, bound to the context as KMS binds it; counts what it is asked. */
function localKms() {
  const master = randomBytes(32);
  const calls = { generateDataKey: 0, decrypt: 0 };
  const aad = (context: EncryptionContext) => Buffer.from(JSON.stringify(Object.entries(context).sort()));
  const kms: Kms = {
    async generateDataKey(context) {
      calls.generateDataKey += 1;
      const [plaintext, nonce] = [randomBytes(32), randomBytes(12)];
      const cipher = createCipheriv("aes-256-gcm", master, nonce).setAAD(aad(context));
      const wrapped = Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
      return { plaintext, wrapped, masterKeyId: "master" };
    },
    async decrypt(wrapped, context) {
      calls.decrypt += 1;
      const decipher = createDecipheriv("aes-256-gcm", master, wrapped.subarray(0, 12)).setAAD(aad(context));
      decipher.setAuthTag(wrapped.subarray(-16));
      return Buffer.concat([decipher.update(wrapped.subarray(12, -16)), decipher.final()]);
    },
  };
  return { kms, calls };
}

const ids = {
  messageId: "0191d7c2-0000-7000-8000-000000000001",
  conversationId: "0191d7c2-0000-5000-8000-000000000002",
  senderDevice: "0191d7c2-0000-4000-8000-000000000003",
  recipientDevice: "0191d7c2-0000-4000-8000-000000000004",
};
const other = "0191d7c2-0000-4000-8000-000000000009";
const plain = Buffer.from("ciphertext of the client");

async function sealedHeader() {
  const { kms, calls } = localKms();
  const sealer = createSealer({ kms, cacheMs: 60_000, maxUses: 100 });
  const opener = createOpener({ kms, cacheMs: 60_000, maxKeys: 2 });
  const dataKey = await sealer.current();
  const context: SealContext = { ...ids, dataKeyId: dataKey.id, format: 1 };
  const row = { dataKeyId: dataKey.id, wrapped: dataKey.wrapped };
  return { kms, calls, sealer, opener, dataKey, context, row, sealed: sealer.seal(dataKey, plain, context) };
}

describe("a sealed header", () => {
  test("opens to what was sealed, with ids in either case", async () => {
    const { opener, row, sealed, context } = await sealedHeader();
    expect(await opener.open(row, sealed, context)).toEqual(plain);
    expect(await opener.open(row, sealed, { ...context, messageId: ids.messageId.toUpperCase() })).toEqual(plain);
  });

  test("is nonce (12 bytes), ciphertext, tag (16 bytes), and never the same twice", async () => {
    const { sealer, dataKey, context, sealed } = await sealedHeader();
    expect(sealed.length).toBe(12 + plain.length + 16);
    const decipher = createDecipheriv("aes-256-gcm", dataKey.key, sealed.subarray(0, 12));
    decipher.setAAD(encodeContext(context)).setAuthTag(sealed.subarray(-16));
    expect(Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()])).toEqual(plain);
    const again = sealer.seal(dataKey, plain, context);
    expect(again.subarray(0, 12)).not.toEqual(sealed.subarray(0, 12));
    expect(again.subarray(12)).not.toEqual(sealed.subarray(12));
  });

  test.each(["messageId", "conversationId", "senderDevice", "recipientDevice"] as const)(
    "does not open with another %s",
    async (field) => {
      const { opener, row, sealed, context } = await sealedHeader();
      await expect(opener.open(row, sealed, { ...context, [field]: other })).rejects.toThrow(DomainError);
    },
  );

  test("does not open as a body, nor a body as a header", async () => {
    const { opener, row, sealed, context, sealer, dataKey } = await sealedHeader();
    const { recipientDevice: _, ...body } = context;
    await expect(opener.open(row, sealed, body)).rejects.toThrow("damaged");
    await expect(opener.open(row, sealer.seal(dataKey, plain, body), context)).rejects.toThrow("damaged");
  });

  test("does not open with any byte changed, nor cut short", async () => {
    const { opener, row, sealed, context } = await sealedHeader();
    for (let at = 0; at < sealed.length; at += 1) {
      const tampered = Buffer.from(sealed);
      tampered.writeUInt8(tampered.readUInt8(at) ^ 1, at);
      await expect(opener.open(row, tampered, context)).rejects.toThrow("damaged");
    }
    for (const length of [0, 12, 27, sealed.length - 1])
      await expect(opener.open(row, sealed.subarray(0, length), context)).rejects.toThrow("damaged");
  });

  test("is not sealed or opened under a key that its context does not name", async () => {
    const { opener, sealer, dataKey, row, sealed, context } = await sealedHeader();
    expect(() => sealer.seal(dataKey, plain, { ...context, dataKeyId: other })).toThrow(TypeError);
    await expect(opener.open(row, sealed, { ...context, dataKeyId: other })).rejects.toThrow(TypeError);
  });
});

test("a wrapped data key does not open under another id", async () => {
  const { kms, dataKey } = await sealedHeader();
  await expect(kms.decrypt(dataKey.wrapped, contextOfDataKey(dataKey.id))).resolves.toEqual(dataKey.key);
  await expect(kms.decrypt(dataKey.wrapped, contextOfDataKey(other))).rejects.toThrow();
});

test("fields that run into each other make different contexts", () => {
  const context = { messageId: "ab", conversationId: "c", senderDevice: "d", dataKeyId: "e", format: 1 } as const;
  expect(encodeContext(context)).not.toEqual(encodeContext({ ...context, messageId: "a", conversationId: "bc" }));
  expect(encodeContext(context)).not.toEqual(encodeContext({ ...context, dataKeyId: "", recipientDevice: "e" }));
});

describe("a data key", () => {
  test("is used until its uses or its time are over", async () => {
    const { kms, calls } = localKms();
    const sealer = createSealer({ kms, cacheMs: 60_000, maxUses: 2 });
    const first = await sealer.current();
    const context = { ...ids, dataKeyId: first.id, format: 1 } as const;
    sealer.seal(first, plain, context);
    expect((await sealer.current()).id).toBe(first.id);
    sealer.seal(first, plain, context);
    expect((await sealer.current()).id).not.toBe(first.id);
    expect(calls.generateDataKey).toBe(2);
    const impatient = createSealer({ kms, cacheMs: 0, maxUses: 100 });
    expect((await impatient.current()).id).not.toBe((await impatient.current()).id);
  });

  test("is asked for once by many at once, when sealing and when opening", async () => {
    const { kms, calls, opener, row, sealed, context } = await sealedHeader();
    const sealer = createSealer({ kms, cacheMs: 60_000, maxUses: 100 });
    const keys = await Promise.all([1, 2, 3].map(() => sealer.current()));
    expect(new Set(keys.map(({ id }) => id)).size).toBe(1);
    expect(calls.generateDataKey).toBe(2);
    await Promise.all([1, 2, 3].map(() => opener.open(row, sealed, context)));
    expect(calls.decrypt).toBe(1);
  });

  test("that could not be opened is asked for again; of many the one longest unused is forgotten", async () => {
    const { kms, calls } = localKms();
    let away = true;
    const flaky: Kms = {
      ...kms,
      decrypt: async (wrapped, context) => {
        if (away) throw new DomainError("KMS_UNAVAILABLE");
        return kms.decrypt(wrapped, context);
      },
    };
    const sealer = createSealer({ kms, cacheMs: 0, maxUses: 1 });
    const opener = createOpener({ kms: flaky, cacheMs: 60_000, maxKeys: 2 });
    const sealed: { row: { dataKeyId: string; wrapped: Buffer }; bytes: Buffer; context: SealContext }[] = [];
    for (let count = 0; count < 3; count += 1) {
      const dataKey = await sealer.current();
      const context = { ...ids, dataKeyId: dataKey.id, format: 1 } as const;
      sealed.push({
        row: { dataKeyId: dataKey.id, wrapped: dataKey.wrapped },
        bytes: sealer.seal(dataKey, plain, context),
        context,
      });
    }
    const open = async (index: number) => {
      const one = sealed[index] as (typeof sealed)[number];
      return opener.open(one.row, one.bytes, one.context);
    };
    await expect(open(0)).rejects.toMatchObject({ code: "KMS_UNAVAILABLE", retryable: true });
    away = false;
    for (const index of [0, 1, 0, 2]) await open(index);
    expect(calls.decrypt).toBe(3);
    await open(0);
    expect(calls.decrypt).toBe(3);
    await open(1);
    expect(calls.decrypt).toBe(4);
  });
});
