/** Every error code that a client can meet, with whether the same request may succeed later, and what it means. */
export const errorCodes = {
  UNAUTHENTICATED: { retryable: false, meaning: "No token was given." },
  TOKEN_EXPIRED: { retryable: false, meaning: "The token's time is over; get a new one." },
  TOKEN_AUDIENCE: { retryable: false, meaning: "The token was made for another service." },
  TOKEN_INVALID: {
    retryable: false,
    meaning: "The token is malformed, of another issuer, or its signature or algorithm is not accepted.",
  },
  IDENTITY_UNAVAILABLE: { retryable: true, meaning: "The identity provider's keys cannot be fetched." },
  BAD_USER_INPUT: { retryable: false, meaning: "A value is malformed or outside its documented bounds." },
  FORBIDDEN: { retryable: false, meaning: "The caller may not do this with that object." },
  DEVICE_UNKNOWN: {
    retryable: true,
    meaning: "No device of the caller has this id, or its registration has not arrived yet.",
  },
  DEVICE_FORBIDDEN: { retryable: false, meaning: "The device belongs to somebody else." },
  DEVICE_REVOKED: { retryable: false, meaning: "The device was revoked." },
  DEVICE_LIMIT: { retryable: false, meaning: "The user has as many active devices as one may have." },
  DEVICE_EXISTS: {
    retryable: false,
    meaning: "The signing key is registered already, for another user or with other values.",
  },
  PROOF_INVALID: { retryable: false, meaning: "encryptionKeySignature does not prove possession of both keys." },
  NOT_A_MEMBER: {
    retryable: false,
    meaning: "The caller is not a member of the conversation, or the recipients are not its members.",
  },
  RECIPIENTS_INCOMPLETE: {
    retryable: false,
    meaning: "The recipients' headers are not one for every active device but the sending one.",
  },
  BODY_TOO_LARGE: { retryable: false, meaning: "The body is over the limit." },
  HEADER_TOO_LARGE: { retryable: false, meaning: "A header is over the limit." },
  ID_TAKEN: { retryable: false, meaning: "Another message has this id." },
  ID_OUT_OF_TIME: {
    retryable: false,
    meaning: "The id is no UUIDv7, older than 30 days or more than 5 minutes ahead.",
  },
  MAILBOX_FULL: { retryable: true, meaning: "A recipient's mailbox holds as much unacknowledged as it may." },
  CONVERSATION_LIMIT: { retryable: false, meaning: "The user has as many conversations as one may have." },
  CURSOR_INVALID: { retryable: false, meaning: "The cursor is not one of this device, or was not made here." },
  ACKNOWLEDGEMENT_TOO_LARGE: {
    retryable: false,
    meaning: "More frames than one acknowledgement may span; acknowledge an earlier cursor first.",
  },
  DIRECTORY_BEHIND: {
    retryable: true,
    meaning: "The copy of the device directory has not yet the version that the request names.",
  },
  NOT_READY: { retryable: true, meaning: "The service is starting or has lost a part that it needs." },
  LOG_UNAVAILABLE: { retryable: true, meaning: "Kafka did not acknowledge in time; send the same input again." },
  STORE_UNAVAILABLE: { retryable: true, meaning: "Postgres does not answer." },
  KMS_UNAVAILABLE: { retryable: true, meaning: "The key service does not answer, or its key is disabled." },
  SESSION_REPLACED: { retryable: false, meaning: "A newer session of this device took over." },
  INTERNAL_SERVER_ERROR: { retryable: true, meaning: "A fault of ours; the log has it." },
} as const satisfies Record<string, { retryable: boolean; meaning: string }>;

export type ErrorCode = keyof typeof errorCodes;

/** An error that a client may see: its message holds nothing secret, its code is stable. */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly code: ErrorCode;
  readonly retryable: boolean;
  /** Further `extensions`, such as the version that the server knows. */
  readonly detail: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message?: string, options: { detail?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message ?? errorCodes[code].meaning, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = errorCodes[code].retryable;
    this.detail = options.detail ?? {};
  }
}
