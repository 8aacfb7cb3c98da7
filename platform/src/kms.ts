/** The key service: wraps and unwraps data keys. The master key never leaves it. */
import { DecryptCommand, GenerateDataKeyCommand, KMSClient } from "@aws-sdk/client-kms";
import { DomainError } from "./errors.ts";

const maxAttempts = 3;
const connectionTimeoutMs = 1_000;
const requestTimeoutMs = 2_000;
/** All attempts together. */
const callTimeoutMs = 5_000;

/** Bound to the wrapped key: it opens only with the same names and values. Not secret; KMS logs it. */
export type EncryptionContext = Readonly<Record<string, string>>;

export interface GeneratedDataKey {
  /** 32 bytes, AES-256. */
  readonly plaintext: Buffer;
  readonly wrapped: Buffer;
  /** The master key that wrapped it, as KMS names it. */
  readonly masterKeyId: string;
}

export interface Kms {
  /** @throws DomainError KMS_UNAVAILABLE. */
  generateDataKey(context: EncryptionContext): Promise<GeneratedDataKey>;
  /**
   * @throws DomainError KMS_UNAVAILABLE when KMS does not answer or its key is disabled; INTERNAL_SERVER_ERROR when the
   * wrapped key or its context is not what KMS made.
   */
  decrypt(wrapped: Buffer, context: EncryptionContext): Promise<Buffer>;
}

/** No later try can mend these. */
const damaged = new Set(["InvalidCiphertextException", "IncorrectKeyException"]);

/**
 * Credentials come from the AWS SDK's own chain.
 * @param options.keyId id, ARN or alias of the master key; needed for generateDataKey only.
 */
export function createKms(options: { endpoint?: string | undefined; region: string; keyId?: string }): Kms {
  const client = new KMSClient({
    region: options.region,
    ...(options.endpoint === undefined ? {} : { endpoint: options.endpoint }),
    maxAttempts,
    requestHandler: {
      connectionTimeout: connectionTimeoutMs,
      requestTimeout: requestTimeoutMs,
      throwOnRequestTimeout: true,
    },
  });

  const call = async <T>(run: (options: { abortSignal: AbortSignal }) => Promise<T>): Promise<T> => {
    try {
      return await run({ abortSignal: AbortSignal.timeout(callTimeoutMs) });
    } catch (error) {
      const broken = error instanceof Error && damaged.has(error.name);
      throw new DomainError(broken ? "INTERNAL_SERVER_ERROR" : "KMS_UNAVAILABLE", undefined, { cause: error });
    }
  };

  return {
    async generateDataKey(context) {
      const { keyId } = options;
      if (keyId === undefined) throw new TypeError("this principal makes no data keys: keyId is missing");
      return call(async (abort) => {
        const command = new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: "AES_256", EncryptionContext: context });
        const { Plaintext, CiphertextBlob, KeyId } = await client.send(command, abort);
        if (Plaintext?.byteLength !== 32 || CiphertextBlob === undefined || KeyId === undefined)
          throw new Error("KMS answered without a 256-bit key");
        return { plaintext: Buffer.from(Plaintext), wrapped: Buffer.from(CiphertextBlob), masterKeyId: KeyId };
      });
    },
    async decrypt(wrapped, context) {
      return call(async (abort) => {
        const { Plaintext } = await client.send(
          new DecryptCommand({ CiphertextBlob: wrapped, EncryptionContext: context }),
          abort,
        );
        if (Plaintext?.byteLength !== 32) throw new Error("KMS answered without a 256-bit key");
        return Buffer.from(Plaintext);
      });
    },
  };
}
