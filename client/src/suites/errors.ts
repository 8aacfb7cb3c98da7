/** Why a message was refused. Stable: stores keep them, people are shown them. */
export const suiteErrorCodes = {
  SUITE_UNKNOWN: "The message names a suite that this client does not have.",
  SUITE_WEAKER: "The message's suite is weaker than the one pinned for the conversation.",
  MALFORMED: "The message is not of the suite's form.",
  ALGORITHM_REFUSED: "The message names an algorithm that the suite does not use.",
  DECRYPTION_FAILED: "The ciphertext or this device's key for it was changed, or was made for another device.",
  SENDER_UNKNOWN: "The sending device is not one of the sender's.",
  SIGNATURE_INVALID: "The signature is not the sending device's.",
  FRAME_MISMATCH:
    "What was signed names another message, conversation, sender or suite than the frame that carried it.",
  NOT_A_MEMBER: "The sender is not a member of the conversation.",
  NOT_A_RECIPIENT: "The sender did not name this device among the recipients.",
  REPLAYED_WITH_OTHER_CONTENT: "Another message with this id was received before.",
} as const;

export type SuiteErrorCode = keyof typeof suiteErrorCodes;

/** A message that is not accepted, and why. */
export class SuiteError extends Error {
  override readonly name = "SuiteError";
  readonly code: SuiteErrorCode;

  constructor(code: SuiteErrorCode, detail?: string, cause?: unknown) {
    const meaning = suiteErrorCodes[code];
    super(detail === undefined ? meaning : `${meaning} (${detail})`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}
