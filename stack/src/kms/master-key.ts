import {
  AlreadyExistsException,
  CreateAliasCommand,
  CreateKeyCommand,
  DescribeKeyCommand,
  KMSClient,
  NotFoundException,
} from "@aws-sdk/client-kms";

/** Makes the master key behind `alias` unless it is there. */
export async function ensureMasterKey(o: {
  endpoint: string;
  region: string;
  alias: string;
  credentials?: { accessKeyId: string; secretAccessKey: string } | undefined;
}): Promise<void> {
  const client = new KMSClient({
    endpoint: o.endpoint,
    region: o.region,
    ...(o.credentials && { credentials: o.credentials }),
  });
  try {
    await client.send(new DescribeKeyCommand({ KeyId: o.alias }));
  } catch (error) {
    if (!(error instanceof NotFoundException)) throw error;
    const { KeyMetadata } = await client.send(new CreateKeyCommand({ Description: "Sealgraph master key" }));
    try {
      await client.send(new CreateAliasCommand({ AliasName: o.alias, TargetKeyId: KeyMetadata?.KeyId }));
    } catch (aliasError) {
      // Another run made it first.
      if (!(aliasError instanceof AlreadyExistsException)) throw aliasError;
    }
  } finally {
    client.destroy();
  }
}
