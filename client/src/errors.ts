/** Codes of faults that the client finds itself; those of the graph keep the graph's names (extensions.code). */
export type ClientErrorCode =
  | "NETWORK" // no answer, or none that is GraphQL
  | "TIMEOUT"
  | "STREAM_ENDED" // the subscription ended without a reason
  | "FRAME_MISSING" // a jump in seq (DELIVERY rule 4)
  | "READER_SLOW" // more frames than the bounded queue holds
  | "USER_UNKNOWN"
  | "RECIPIENT_HAS_NO_DEVICE"
  | "KEY_CHANGED" // the directory names another key than the pinned one
  | "NEW_DEVICE" // an added device that nobody has accepted yet (newDevices: "ask")
  | "CONVERSATION_MISMATCH" // the graph's conversation is not that of these two users
  | "CONTENT_HASH_MISMATCH" // the graph accepted something else than what was sent
  | "STALE_DEVICES" // the device lists changed on every try
  | "OUTBOX_FULL"
  | "DEVICE_OF_OTHER_USER" // the store holds the device of somebody else than the token names
  | "PASSPHRASE"
  | "CLOSED";

/** A fault of a request or a stream: `code` is stable, `retryable` tells whether the same may succeed later. */
export class SealgraphError extends Error {
  override readonly name = "SealgraphError";
  readonly code: string;
  readonly retryable: boolean;

  constructor(
    code: ClientErrorCode | (string & {}),
    message: string,
    options: { retryable?: boolean; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** The first of a GraphQL answer's errors, typed. */
export function fromGraphqlErrors(
  errors: readonly { message: string; extensions?: Readonly<Record<string, unknown>> | undefined }[],
): SealgraphError {
  const first = errors[0];
  const code = first?.extensions?.["code"];
  return new SealgraphError(
    typeof code === "string" ? code : "INTERNAL_SERVER_ERROR",
    first?.message ?? "unknown error",
    {
      retryable: first?.extensions?.["retryable"] === true,
      cause: errors,
    },
  );
}
