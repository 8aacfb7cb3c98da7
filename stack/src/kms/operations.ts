import { randomBytes } from "node:crypto";
import { z } from "zod";
import { decrypt, encrypt, keyIdOf } from "./ciphertext.ts";
import { disabled, incorrectKey, invalidCiphertext, invalidKeyUsage, KmsError, validation } from "./errors.ts";
import { aliasArn, keyArn, type KeyStore, type MasterKey } from "./key-store.ts";

const maxPlaintextBytes = 4_096;
const maxBlobBytes = 6_144;
const maxDataKeyBytes = 1_024;

const keyReference = z.string().min(1).max(2_048);
const context = z.record(z.string(), z.string()).optional();
const blob = (maxBytes: number) =>
  z
    .base64()
    .transform((text) => Buffer.from(text, "base64"))
    .refine((bytes) => bytes.length >= 1 && bytes.length <= maxBytes, `must have 1 to ${maxBytes} bytes`);

type Operation = (input: unknown) => object;

/** The operations of TrentService that Sealgraph and its tests use, with AWS' answers and errors. */
export function kmsOperations(store: KeyStore): Record<string, Operation> {
  return {
    CreateKey: operation(
      z.object({
        Description: z.string().max(8_192).default(""),
        KeySpec: z.string().default("SYMMETRIC_DEFAULT"),
        KeyUsage: z.string().default("ENCRYPT_DECRYPT"),
      }),
      ({ Description, KeySpec, KeyUsage }) => {
        const spec = z.enum(["SYMMETRIC_DEFAULT", "HMAC_256"]).safeParse(KeySpec);
        if (!spec.success)
          throw new KmsError("UnsupportedOperationException", `KeySpec ${KeySpec} is not supported here`);
        const usage = spec.data === "HMAC_256" ? "GENERATE_VERIFY_MAC" : "ENCRYPT_DECRYPT";
        if (KeyUsage !== usage) throw validation(`KeyUsage ${KeyUsage} is not compatible with KeySpec ${KeySpec}`);
        return { KeyMetadata: metadata(store.create({ spec: spec.data, usage, description: Description })) };
      },
    ),
    DescribeKey: operation(z.object({ KeyId: keyReference }), ({ KeyId }) => ({
      KeyMetadata: metadata(store.find(KeyId)),
    })),
    ListKeys: operation(z.object({}), () => ({
      Keys: store.keys().map((key) => ({ KeyId: key.id, KeyArn: keyArn(key) })),
      Truncated: false,
    })),
    EnableKey: operation(z.object({ KeyId: keyReference }), ({ KeyId }) => {
      store.setEnabled(KeyId, true);
      return {};
    }),
    DisableKey: operation(z.object({ KeyId: keyReference }), ({ KeyId }) => {
      store.setEnabled(KeyId, false);
      return {};
    }),
    CreateAlias: operation(
      z.object({ AliasName: z.string(), TargetKeyId: keyReference }),
      ({ AliasName, TargetKeyId }) => {
        store.createAlias(AliasName, TargetKeyId);
        return {};
      },
    ),
    UpdateAlias: operation(
      z.object({ AliasName: z.string(), TargetKeyId: keyReference }),
      ({ AliasName, TargetKeyId }) => {
        store.updateAlias(AliasName, TargetKeyId);
        return {};
      },
    ),
    DeleteAlias: operation(z.object({ AliasName: z.string() }), ({ AliasName }) => {
      store.deleteAlias(AliasName);
      return {};
    }),
    ListAliases: operation(z.object({ KeyId: keyReference.optional() }), ({ KeyId }) => {
      const wanted = KeyId === undefined ? undefined : store.find(KeyId).id;
      return {
        Aliases: store
          .aliases()
          .filter(({ keyId }) => wanted === undefined || keyId === wanted)
          .map(({ name, keyId }) => ({ AliasName: name, AliasArn: aliasArn(name), TargetKeyId: keyId })),
        Truncated: false,
      };
    }),
    Encrypt: operation(
      z.object({ KeyId: keyReference, Plaintext: blob(maxPlaintextBytes), EncryptionContext: context }),
      ({ KeyId, Plaintext, EncryptionContext = {} }) => {
        const key = usable(store.find(KeyId));
        return { CiphertextBlob: encrypt(key, Plaintext, EncryptionContext).toString("base64"), ...answeredBy(key) };
      },
    ),
    Decrypt: operation(
      z.object({ KeyId: keyReference.optional(), CiphertextBlob: blob(maxBlobBytes), EncryptionContext: context }),
      ({ KeyId, CiphertextBlob, EncryptionContext = {} }) => {
        const key = keyOfBlob(CiphertextBlob, KeyId);
        return { Plaintext: decrypt(key, CiphertextBlob, EncryptionContext).toString("base64"), ...answeredBy(key) };
      },
    ),
    ReEncrypt: operation(
      z.object({
        SourceKeyId: keyReference.optional(),
        DestinationKeyId: keyReference,
        CiphertextBlob: blob(maxBlobBytes),
        SourceEncryptionContext: context,
        DestinationEncryptionContext: context,
      }),
      (input) => {
        const source = keyOfBlob(input.CiphertextBlob, input.SourceKeyId);
        const plain = decrypt(source, input.CiphertextBlob, input.SourceEncryptionContext ?? {});
        const destination = usable(store.find(input.DestinationKeyId));
        return {
          CiphertextBlob: encrypt(destination, plain, input.DestinationEncryptionContext ?? {}).toString("base64"),
          SourceKeyId: keyArn(source),
          KeyId: keyArn(destination),
          SourceEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
          DestinationEncryptionAlgorithm: "SYMMETRIC_DEFAULT",
        };
      },
    ),
    GenerateDataKey: operation(
      z.object({
        KeyId: keyReference,
        KeySpec: z.enum(["AES_256", "AES_128"]).optional(),
        NumberOfBytes: z.number().int().min(1).max(maxDataKeyBytes).optional(),
        EncryptionContext: context,
      }),
      ({ KeyId, KeySpec, NumberOfBytes, EncryptionContext = {} }) => {
        if ((KeySpec === undefined) === (NumberOfBytes === undefined)) {
          throw validation("Please specify either number of bytes or key spec.");
        }
        const key = usable(store.find(KeyId));
        const plain = randomBytes(NumberOfBytes ?? (KeySpec === "AES_128" ? 16 : 32));
        return {
          Plaintext: plain.toString("base64"),
          CiphertextBlob: encrypt(key, plain, EncryptionContext).toString("base64"),
          KeyId: keyArn(key),
        };
      },
    ),
  };

  function keyOfBlob(bytes: Buffer, reference: string | undefined): MasterKey {
    // A named key has to exist before the blob is looked at.
    const named = reference === undefined ? undefined : store.find(reference);
    if (named !== undefined && named.usage !== "ENCRYPT_DECRYPT") throw invalidKeyUsage(keyArn(named), named.usage);
    const id = keyIdOf(bytes);
    if (named !== undefined && named.id !== id) throw incorrectKey();
    let key: MasterKey;
    try {
      key = store.findById(id);
    } catch {
      throw invalidCiphertext();
    }
    return usable(key);
  }
}

function usable(key: MasterKey): MasterKey {
  if (key.usage !== "ENCRYPT_DECRYPT") throw invalidKeyUsage(keyArn(key), key.usage);
  if (!key.enabled) throw disabled(keyArn(key));
  return key;
}

function answeredBy(key: MasterKey) {
  return { KeyId: keyArn(key), EncryptionAlgorithm: "SYMMETRIC_DEFAULT" };
}

function metadata(key: MasterKey) {
  return {
    AWSAccountId: "000000000000",
    KeyId: key.id,
    Arn: keyArn(key),
    CreationDate: key.createdAt,
    Enabled: key.enabled,
    Description: key.description,
    KeyUsage: key.usage,
    KeyState: key.enabled ? "Enabled" : "Disabled",
    Origin: "AWS_KMS",
    KeyManager: "CUSTOMER",
    KeySpec: key.spec,
    CustomerMasterKeySpec: key.spec,
    MultiRegion: false,
    ...(key.usage === "ENCRYPT_DECRYPT" && { EncryptionAlgorithms: ["SYMMETRIC_DEFAULT"] }),
  };
}

function operation<Schema extends z.ZodType>(schema: Schema, run: (input: z.output<Schema>) => object): Operation {
  return (input) => {
    const parsed = schema.safeParse(input);
    if (parsed.success) return run(parsed.data);
    const { issues } = parsed.error;
    const details = issues.map(({ path, message }) => `'${path.join(".")}' ${message}`).join("; ");
    throw validation(`${issues.length} validation error${issues.length === 1 ? "" : "s"} detected: ${details}`);
  };
}
