/** An answer as AWS KMS gives it: the name is what an SDK client sees as the error's name. */
export class KmsError extends Error {
  override name = "KmsError";
  readonly type: string;
  readonly status: number;

  constructor(type: string, message: string, status = 400) {
    super(message);
    this.type = type;
    this.status = status;
  }
}

export const notFound = (message: string) => new KmsError("NotFoundException", message);
export const validation = (message: string) => new KmsError("ValidationException", message);
export const disabled = (arn: string) => new KmsError("DisabledException", `${arn} is disabled.`);
export const invalidKeyUsage = (arn: string, usage: string) =>
  new KmsError("InvalidKeyUsageException", `${arn} key usage is ${usage} which is not valid for this operation.`);
/** AWS gives no reason either: it would help whoever forges. */
export const invalidCiphertext = () => new KmsError("InvalidCiphertextException", "");
export const incorrectKey = () =>
  new KmsError(
    "IncorrectKeyException",
    "The key ID in the request does not identify a CMK that can perform this operation.",
  );
export const alreadyExists = (message: string) => new KmsError("AlreadyExistsException", message);
