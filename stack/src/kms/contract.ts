import {
  CreateAliasCommand,
  CreateKeyCommand,
  DecryptCommand,
  DescribeKeyCommand,
  DisableKeyCommand,
  EnableKeyCommand,
  EncryptCommand,
  GenerateDataKeyCommand,
  KMSClient,
  ListAliasesCommand,
  ReEncryptCommand,
  UpdateAliasCommand,
} from "@aws-sdk/client-kms";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

/**
 * What Sealgraph relies on in a KMS, through the AWS SDK. Run it on this server, on LocalStack or on AWS.
 * @param endpoint gives the URL once the server runs. `reEncrypt: false` for LocalStack 4.7, which answers InternalError.
 */
export function kmsContract(
  name: string,
  endpoint: () => string,
  supports: { reEncrypt: boolean } = { reEncrypt: true },
): void {
  describe(`KMS contract: ${name}`, () => {
    const context = { purpose: "sealgraph/data-key", dataKeyId: "0190" };
    let kms: KMSClient;
    let keyId: string;
    let otherKeyId: string;

    const failure = (error: string) => expect.objectContaining({ name: error });
    const createKey = async () => (await kms.send(new CreateKeyCommand({}))).KeyMetadata?.KeyId ?? "";
    const encrypt = async (text: string, more: { keyId?: string; context?: Record<string, string> } = {}) => {
      const { CiphertextBlob } = await kms.send(
        new EncryptCommand({
          KeyId: more.keyId ?? keyId,
          Plaintext: Buffer.from(text),
          ...(more.context && { EncryptionContext: more.context }),
        }),
      );
      return CiphertextBlob ?? new Uint8Array();
    };
    const decrypt = async (blob: Uint8Array, more: { keyId?: string; context?: Record<string, string> } = {}) => {
      const { Plaintext } = await kms.send(
        new DecryptCommand({
          CiphertextBlob: blob,
          ...(more.keyId !== undefined && { KeyId: more.keyId }),
          ...(more.context && { EncryptionContext: more.context }),
        }),
      );
      return Buffer.from(Plaintext ?? []).toString();
    };

    beforeAll(async () => {
      kms = new KMSClient({
        endpoint: endpoint(),
        region: "us-east-1",
        credentials: { accessKeyId: "local", secretAccessKey: "local" },
        maxAttempts: 1,
      });
      keyId = await createKey();
      otherKeyId = await createKey();
    });
    afterAll(() => kms.destroy());

    it("generates a data key of 32 bytes that decrypts to itself under the same context", async () => {
      const made = await kms.send(
        new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: "AES_256", EncryptionContext: context }),
      );
      expect(made.Plaintext).toHaveLength(32);
      const opened = await kms.send(
        new DecryptCommand({ CiphertextBlob: made.CiphertextBlob, EncryptionContext: context }),
      );
      expect(Buffer.from(opened.Plaintext ?? [])).toEqual(Buffer.from(made.Plaintext ?? []));
      expect(opened.KeyId).toBe(made.KeyId);
      expect(made.KeyId).toMatch(new RegExp(`^arn:aws:kms:[^:]+:\\d{12}:key/${keyId}$`));
    });

    it("generates another data key each time", async () => {
      const [a, b] = await Promise.all(
        [1, 2].map(() => kms.send(new GenerateDataKeyCommand({ KeyId: keyId, KeySpec: "AES_256" }))),
      );
      expect(Buffer.from(a?.Plaintext ?? [])).not.toEqual(Buffer.from(b?.Plaintext ?? []));
    });

    it("takes either a key spec or a number of bytes", async () => {
      const { Plaintext } = await kms.send(new GenerateDataKeyCommand({ KeyId: keyId, NumberOfBytes: 48 }));
      expect(Plaintext).toHaveLength(48);
      const both = new GenerateDataKeyCommand({ KeyId: keyId, NumberOfBytes: 48, KeySpec: "AES_256" });
      await expect(kms.send(both)).rejects.toEqual(failure("ValidationException"));
      await expect(kms.send(new GenerateDataKeyCommand({ KeyId: keyId }))).rejects.toEqual(
        failure("ValidationException"),
      );
    });

    it("does not care for the order of the context's pairs", async () => {
      const blob = await encrypt("text", { context: { a: "1", b: "2" } });
      expect(await decrypt(blob, { context: { b: "2", a: "1" } })).toBe("text");
    });

    it.each([
      ["another value", { purpose: "other", dataKeyId: "0190" }],
      ["a pair missing", { purpose: "sealgraph/data-key" }],
      ["a pair more", { ...context, more: "x" }],
      ["none", undefined],
    ])("refuses a context with %s as InvalidCiphertextException", async (_, wrong) => {
      const blob = await encrypt("text", { context });
      await expect(decrypt(blob, wrong && { context: wrong })).rejects.toEqual(failure("InvalidCiphertextException"));
    });

    it("tells pairs apart that would be the same when only joined", async () => {
      const blob = await encrypt("text", { context: { a: "b,c=d" } });
      await expect(decrypt(blob, { context: { a: "b", c: "d" } })).rejects.toEqual(
        failure("InvalidCiphertextException"),
      );
    });

    it("refuses a blob with its last bit changed, cut short, or that is none", async () => {
      const blob = await encrypt("text");
      const changed = Uint8Array.from(blob);
      changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 1;
      for (const bad of [changed, blob.slice(0, -1), Buffer.from("no blob at all")]) {
        await expect(decrypt(bad)).rejects.toEqual(failure("InvalidCiphertextException"));
      }
    });

    it("refuses a blob of another key when the key is named, as IncorrectKeyException", async () => {
      const blob = await encrypt("text");
      await expect(decrypt(blob, { keyId: otherKeyId })).rejects.toEqual(failure("IncorrectKeyException"));
      expect(await decrypt(blob, { keyId })).toBe("text");
    });

    it("refuses a key that is not there as NotFoundException", async () => {
      const nowhere = "00000000-0000-4000-8000-000000000000";
      await expect(encrypt("text", { keyId: nowhere })).rejects.toEqual(failure("NotFoundException"));
      await expect(encrypt("text", { keyId: "alias/nowhere" })).rejects.toEqual(failure("NotFoundException"));
      await expect(kms.send(new DescribeKeyCommand({ KeyId: nowhere }))).rejects.toEqual(failure("NotFoundException"));
    });

    it("uses a disabled key for nothing, and again when it is enabled", async () => {
      const id = await createKey();
      const blob = await encrypt("text", { keyId: id });
      await kms.send(new DisableKeyCommand({ KeyId: id }));
      await expect(encrypt("text", { keyId: id })).rejects.toEqual(failure("DisabledException"));
      await expect(decrypt(blob)).rejects.toEqual(failure("DisabledException"));
      await expect(kms.send(new GenerateDataKeyCommand({ KeyId: id, KeySpec: "AES_256" }))).rejects.toEqual(
        failure("DisabledException"),
      );
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: id }));
      expect(KeyMetadata).toMatchObject({ Enabled: false, KeyState: "Disabled" });
      await kms.send(new EnableKeyCommand({ KeyId: id }));
      expect(await decrypt(blob)).toBe("text");
    });

    it("refuses a key made for something else as InvalidKeyUsageException", async () => {
      const made = await kms.send(new CreateKeyCommand({ KeySpec: "HMAC_256", KeyUsage: "GENERATE_VERIFY_MAC" }));
      await expect(encrypt("text", { keyId: made.KeyMetadata?.KeyId ?? "" })).rejects.toEqual(
        failure("InvalidKeyUsageException"),
      );
    });

    it("finds a key by id, ARN and alias, and an alias can be moved to another key", async () => {
      const alias = `alias/contract-${crypto.randomUUID()}`;
      await kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId }));
      const blob = await encrypt("text", { keyId: alias });
      const { KeyMetadata } = await kms.send(new DescribeKeyCommand({ KeyId: alias }));
      expect(KeyMetadata?.KeyId).toBe(keyId);
      expect(await decrypt(blob, { keyId: KeyMetadata?.Arn ?? "" })).toBe("text");
      await kms.send(new UpdateAliasCommand({ AliasName: alias, TargetKeyId: otherKeyId }));
      const { Aliases } = await kms.send(new ListAliasesCommand({ KeyId: otherKeyId }));
      expect(Aliases).toContainEqual(expect.objectContaining({ AliasName: alias, TargetKeyId: otherKeyId }));
      expect(await decrypt(blob)).toBe("text");
    });

    it("makes an alias once (AlreadyExistsException)", async () => {
      const alias = `alias/contract-${crypto.randomUUID()}`;
      await kms.send(new CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId }));
      const again = new CreateAliasCommand({ AliasName: alias, TargetKeyId: keyId });
      await expect(kms.send(again)).rejects.toEqual(failure("AlreadyExistsException"));
    });

    it.runIf(supports.reEncrypt)("moves a blob to another key and context without showing its content", async () => {
      const blob = await encrypt("text", { context });
      const moved = await kms.send(
        new ReEncryptCommand({
          CiphertextBlob: blob,
          SourceEncryptionContext: context,
          DestinationKeyId: otherKeyId,
          DestinationEncryptionContext: { purpose: "moved" },
        }),
      );
      expect(
        await decrypt(moved.CiphertextBlob ?? new Uint8Array(), { keyId: otherKeyId, context: { purpose: "moved" } }),
      ).toBe("text");
    });

    it("refuses a plaintext of more than 4096 bytes as ValidationException", async () => {
      expect(await decrypt(await encrypt("x".repeat(4_096)))).toHaveLength(4_096);
      await expect(encrypt("x".repeat(4_097))).rejects.toEqual(failure("ValidationException"));
    });
  });
}
