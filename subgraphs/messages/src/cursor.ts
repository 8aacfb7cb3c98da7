/**
 * Cursors: a place in one device's mailbox, opaque to clients and authenticated (DELIVERY rule 5).
 * Layout: version (1 byte) | device (16) | epoch (4, big endian) | seq (8, big endian) | HMAC-SHA256 of all before (32).
 */
import { createHmac, timingSafeEqual } from "node:crypto";

/** A place in a mailbox: everything up to seq, counted within the epoch. */
export interface Place {
  readonly epoch: number;
  /** 0 is before the first frame. */
  readonly seq: number;
}

/** Why a cursor cannot be used: not one of ours, or of another device. */
export type CursorFault = "INVALID" | "FOREIGN";

export interface Cursors {
  encode(deviceId: string, place: Place): string;
  /** The place, or why there is none; takes the same time for every forgery of the right length. */
  decode(cursor: string, deviceId: string): Place | CursorFault;
}

const version = 1;
const bodyBytes = 1 + 16 + 4 + 8;
const macBytes = 32;
/** Characters of every cursor. */
export const cursorLength = Math.ceil(((bodyBytes + macBytes) * 4) / 3);
/** Shortest secret, bytes: the output size of SHA-256 (RFC 2104 §3). */
export const minCursorSecretBytes = 32;

function deviceBytes(deviceId: string): Buffer {
  return Buffer.from(deviceId.replaceAll("-", ""), "hex");
}

/** @param secret at least 32 bytes, the same on every replica. */
export function createCursors(secret: Buffer): Cursors {
  if (secret.length < minCursorSecretBytes)
    throw new TypeError(`secret must have ${minCursorSecretBytes} bytes or more`);
  const macOf = (body: Buffer) => createHmac("sha256", secret).update("sealgraph/cursor/1\0").update(body).digest();

  return {
    encode(deviceId, { epoch, seq }) {
      const body = Buffer.alloc(bodyBytes);
      body.writeUInt8(version, 0);
      deviceBytes(deviceId).copy(body, 1);
      body.writeUInt32BE(epoch, 17);
      body.writeBigUInt64BE(BigInt(seq), 21);
      return Buffer.concat([body, macOf(body)]).toString("base64url");
    },

    decode(cursor, deviceId) {
      if (cursor.length !== cursorLength) return "INVALID";
      const bytes = Buffer.from(cursor, "base64url");
      // One text per cursor: spare bits and other alphabets are not let through.
      if (bytes.length !== bodyBytes + macBytes || bytes.toString("base64url") !== cursor) return "INVALID";
      const body = bytes.subarray(0, bodyBytes);
      if (!timingSafeEqual(bytes.subarray(bodyBytes), macOf(body))) return "INVALID";
      if (body.readUInt8(0) !== version) return "INVALID";
      if (!body.subarray(1, 17).equals(deviceBytes(deviceId))) return "FOREIGN";
      return { epoch: body.readUInt32BE(17), seq: Number(body.readBigUInt64BE(21)) };
    },
  };
}
