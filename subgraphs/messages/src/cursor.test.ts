import { createHmac, randomUUID } from "node:crypto";
import { describe, expect, it, test } from "vitest";
import { createCursors, cursorLength } from "./cursor.ts";

const secret = Buffer.alloc(32, 7);
const cursors = createCursors(secret);
const device = "0190b5a0-0000-7000-8000-0000000000aa";
const other = "0190b5a0-0000-7000-8000-0000000000bb";
const good = cursors.encode(device, { epoch: 3, seq: 42 });

/** Changes the decoded bytes and encodes them again. */
function altered(change: (bytes: Buffer) => Buffer | void): string {
  const bytes = Buffer.from(good, "base64url");
  return (change(bytes) ?? bytes).toString("base64url");
}

/** A cursor whose body is anything, authenticated as if we had made it. */
function authentic(body: Buffer): string {
  const mac = createHmac("sha256", secret).update("sealgraph/cursor/1\0").update(body).digest();
  return Buffer.concat([body, mac]).toString("base64url");
}

describe("a cursor", () => {
  it("gives back the place that it was made for", () => {
    const places = [
      { epoch: 1, seq: 0 },
      { epoch: 1, seq: 1 },
      { epoch: 2 ** 32 - 1, seq: Number.MAX_SAFE_INTEGER },
    ];
    for (const place of places) {
      const id = randomUUID();
      expect(cursors.decode(cursors.encode(id, place), id)).toEqual(place);
    }
  });

  it("has one length and only characters that a URL may hold", () => {
    expect(good).toHaveLength(cursorLength);
    expect(good).toMatch(/^[A-Za-z0-9_-]+$/);
  });

  it("of another device is foreign", () => {
    expect(cursors.decode(good, other)).toBe("FOREIGN");
  });
});

test("a forged cursor is invalid, whichever bit was changed", () => {
  for (let bit = 0; bit < 61 * 8; bit += 1) {
    const forged = altered((bytes) => {
      bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    });
    expect(cursors.decode(forged, device), `bit ${bit}`).toBe("INVALID");
  }
});

test.each([
  ["empty", ""],
  ["shorter by a character", good.slice(0, -1)],
  ["longer by a character", `${good}A`],
  ["padded", `${good.slice(0, -1)}=`],
  ["in the other base64 alphabet", `${good.slice(0, -2)}+/`],
  ["without its code", altered((bytes) => bytes.subarray(0, 29))],
  ["with the code of another secret", createCursors(Buffer.alloc(32, 8)).encode(device, { epoch: 3, seq: 42 })],
  ["with spare bits set", `${good.slice(0, -1)}${String.fromCharCode(good.charCodeAt(good.length - 1) + 1)}`],
  [
    "of a version that isn't known",
    authentic(Buffer.concat([Buffer.of(2), Buffer.from(good, "base64url").subarray(1, 29)])),
  ],
  ["a very long text", "A".repeat(1_000_000)],
])("a cursor %s is invalid", (_, cursor) => {
  expect(cursors.decode(cursor, device)).toBe("INVALID");
});

test("a short secret is refused", () => {
  expect(() => createCursors(Buffer.alloc(31))).toThrow(TypeError);
});
