/** Pages of a mailbox, opened: one statement, then KMS only for data keys that are not in memory. */
import type { Opener } from "@sealgraph/platform/envelope.ts";
import { ReceiptDetail, SendFailedDetail } from "@sealgraph/platform/records.ts";
import { weigh, type Frame, type FrameContent } from "../inbox/frame.ts";
import { openBody, openHeader, type SealedMessageRow } from "./sealed-message.ts";
import { Prisma, safeInteger, type Store } from "./store.ts";

export interface PageLimits {
  readonly maxFrames: number;
  /** Sealed bytes of bodies and headers; a page has at least one frame. */
  readonly maxBytes: number;
}

export interface FrameRange {
  readonly deviceId: string;
  /** Exclusive. */
  readonly after: number;
  /** Inclusive. */
  readonly upTo: number;
}

interface FrameRow extends SealedMessageRow {
  seq: bigint;
  kind: string;
  detail: unknown;
  sealed_header: Uint8Array | null;
  header_key_id: string | null;
  header_wrapped_key: Uint8Array | null;
}

/**
 * Sizes of bodies are added up before any body is read, so that a page of large ones is short.
 * octet_length does not fetch what TOAST keeps outside the row.
 */
function statement({ deviceId, after, upTo }: FrameRange, { maxFrames, maxBytes }: PageLimits) {
  return Prisma.sql`
    WITH window_of_frames AS (
      SELECT f.seq, f.kind, f.message_id, f.sealed_header, f.data_key_id, f.detail
      FROM messages.frames f
      WHERE f.device_id = ${deviceId}::uuid AND f.seq > ${after}::bigint AND f.seq <= ${upTo}::bigint
      ORDER BY f.seq
      LIMIT ${maxFrames}::int
    ), weighed AS (
      SELECT w.*, sum(coalesce(octet_length(m.sealed_body), 0) + coalesce(octet_length(w.sealed_header), 0)
                      + coalesce(octet_length(w.detail::text), 0))
                    OVER (ORDER BY w.seq) AS bytes_so_far,
             row_number() OVER (ORDER BY w.seq) AS place
      FROM window_of_frames w LEFT JOIN messages.messages m ON m.id = w.message_id AND w.kind = 'message'
    )
    SELECT w.seq, w.kind, w.detail, w.sealed_header, w.data_key_id AS header_key_id, hk.wrapped_key AS header_wrapped_key,
           m.id, m.conversation_id, m.sender_user, m.sender_device, m.suite, m.sealed_body, m.accepted_at,
           m.data_key_id AS body_key_id, bk.wrapped_key AS body_wrapped_key
    FROM weighed w
    LEFT JOIN messages.data_keys hk ON hk.id = w.data_key_id
    LEFT JOIN messages.messages m ON m.id = w.message_id AND w.kind = 'message'
    LEFT JOIN messages.data_keys bk ON bk.id = m.data_key_id
    WHERE w.bytes_so_far <= ${maxBytes}::bigint OR w.place = 1
    ORDER BY w.seq`;
}

/** Null for a frame whose message is gone: to the reader it is as if the frame were. */
async function contentOf(row: FrameRow, deviceId: string, opener: Opener): Promise<FrameContent | null> {
  switch (row.kind) {
    case "receipt":
      return { kind: "receipt", detail: ReceiptDetail.parse(row.detail) };
    case "send_failed":
      return { kind: "send_failed", detail: SendFailedDetail.parse(row.detail) };
    case "message": {
      const { sealed_header: sealed, header_key_id: dataKeyId, header_wrapped_key: wrapped } = row;
      if (row.id === null || sealed === null || dataKeyId === null || wrapped === null) return null;
      const [message, header] = await Promise.all([
        openBody(row, opener),
        openHeader(row, { sealed, dataKeyId, wrapped, deviceId }, opener),
      ]);
      return { kind: "message", header, message };
    }
    default:
      throw new TypeError(`unknown kind of frame: ${row.kind}`);
  }
}

/** @throws DomainError STORE_UNAVAILABLE | KMS_UNAVAILABLE */
export async function readFrames(
  store: Store,
  opener: Opener,
  range: FrameRange,
  limits: PageLimits,
): Promise<readonly Frame[]> {
  const rows = await store.query<FrameRow>(statement(range, limits));
  const contents = await Promise.all(rows.map((row) => contentOf(row, range.deviceId, opener)));
  return rows.flatMap((row, index) => {
    const content = contents[index];
    return content ? [{ ...content, seq: safeInteger(row.seq), bytes: weigh(content) }] : [];
  });
}
