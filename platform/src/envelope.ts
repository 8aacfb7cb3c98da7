/**
 * The server's own layer over what is ciphertext already: bodies and headers at rest, AES-256-GCM under a data key that
 * is wrapped by the KMS master key. The AWS Encryption SDK does the same at 56 times the cost per message.
 *
 * Sealed = nonce (12 bytes, random) || ciphertext || tag (16 bytes). What it belongs to is authenticated, not stored
 * (envelope-context.ts): moved to another message, device or key, it does not open.
 */
import { createCipheriv, createDecipheriv, randomBytes, randomUUID } from "node:crypto";
import { contextOfDataKey, encodeContext, type SealContext } from "./envelope-context.ts";
import { DomainError } from "./errors.ts";
import type { Kms } from "./kms.ts";

export type { SealContext } from "./envelope-context.ts";

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** A data key in use. `key` is secret and lives in memory only; the rest is a row of data_keys. */
export interface DataKey {
  readonly id: string;
  readonly key: Buffer;
  readonly wrapped: Buffer;
  readonly masterKeyId: string;
}

export interface Sealer {
  /**
   * The data key to seal with now; a new one when the last is older than cacheMs or was used maxUses times.
   * @throws DomainError KMS_UNAVAILABLE.
   */
  current(): Promise<DataKey>;
  /** Counts one use. @param context its dataKeyId must be the key's. */
  seal(dataKey: DataKey, plain: Buffer, context: SealContext): Buffer;
}

/**
 * @param options.maxUses seals under one key, give or take one batch; far below 2^32, where random nonces of 96 bits
 * stop being safe (NIST SP 800-38D §8.3).
 */
export function createSealer(options: { kms: Kms; cacheMs: number; maxUses: number }): Sealer {
  const { kms, cacheMs, maxUses } = options;
  let held: { dataKey: DataKey; madeAtMs: number; uses: number } | undefined;
  let making: Promise<DataKey> | undefined;

  const make = async () => {
    const id = randomUUID();
    const { plaintext, wrapped, masterKeyId } = await kms.generateDataKey(contextOfDataKey(id));
    const dataKey: DataKey = { id, key: plaintext, wrapped, masterKeyId };
    held = { dataKey, madeAtMs: performance.now(), uses: 0 };
    return dataKey;
  };

  return {
    async current() {
      if (held !== undefined && held.uses < maxUses && performance.now() - held.madeAtMs < cacheMs) return held.dataKey;
      making ??= make().finally(() => {
        making = undefined;
      });
      return making;
    },
    seal(dataKey, plain, context) {
      if (context.dataKeyId !== dataKey.id) throw new TypeError("the context names another data key");
      if (held?.dataKey === dataKey) held.uses += 1;
      const nonce = randomBytes(nonceBytes);
      const cipher = createCipheriv(algorithm, dataKey.key, nonce, { authTagLength: tagBytes });
      cipher.setAAD(encodeContext(context));
      return Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    },
  };
}

export interface Opener {
  /**
   * @throws DomainError KMS_UNAVAILABLE, or INTERNAL_SERVER_ERROR when what is stored is damaged or belongs elsewhere.
   */
  open(dataKey: { dataKeyId: string; wrapped: Buffer }, sealed: Buffer, context: SealContext): Promise<Buffer>;
}

/** @param options.maxKeys opened data keys held in memory; the one least recently used goes first. */
export function createOpener(options: { kms: Kms; cacheMs: number; maxKeys: number }): Opener {
  const { kms, cacheMs, maxKeys } = options;
  /** In order of last use. A promise, so that many readers of one new key ask KMS once. */
  const keys = new Map<string, { key: Promise<Buffer>; openedAtMs: number }>();

  const keyOf = (dataKeyId: string, wrapped: Buffer): Promise<Buffer> => {
    const cached = keys.get(dataKeyId);
    keys.delete(dataKeyId);
    if (cached !== undefined && performance.now() - cached.openedAtMs < cacheMs) {
      keys.set(dataKeyId, cached);
      return cached.key;
    }
    const opened = { key: kms.decrypt(wrapped, contextOfDataKey(dataKeyId)), openedAtMs: performance.now() };
    keys.set(dataKeyId, opened);
    for (const oldest of keys.keys()) {
      if (keys.size <= maxKeys) break;
      keys.delete(oldest);
    }
    opened.key.catch(() => {
      if (keys.get(dataKeyId) === opened) keys.delete(dataKeyId);
    });
    return opened.key;
  };

  return {
    async open({ dataKeyId, wrapped }, sealed, context) {
      if (context.dataKeyId !== dataKeyId) throw new TypeError("the context names another data key");
      const key = await keyOf(dataKeyId, wrapped);
      try {
        const decipher = createDecipheriv(algorithm, key, sealed.subarray(0, nonceBytes), { authTagLength: tagBytes });
        decipher.setAAD(encodeContext(context));
        decipher.setAuthTag(sealed.subarray(-tagBytes));
        return Buffer.concat([decipher.update(sealed.subarray(nonceBytes, -tagBytes)), decipher.final()]);
      } catch (cause) {
        throw new DomainError("INTERNAL_SERVER_ERROR", "What is stored is damaged.", { cause });
      }
    },
  };
}
