import { readFileSync } from "node:fs";
import { base64url, generalVerify, importSPKI, type GeneralJWSInput } from "jose";
import { describe, expect, test } from "vitest";
import { textContent } from "../../content.ts";
import { SuiteError } from "../errors.ts";
import { suiteNamed } from "../registry.ts";
import type { OpenInput } from "../suite.ts";
import { e2ee1 } from "./index.ts";

const vector = <T>(name: string) =>
  JSON.parse(readFileSync(new URL(`vectors/${name}.json`, import.meta.url), "utf8")) as T;
const stored = vector<Record<"alice" | "bob" | "eve", unknown>>("keys");
const alice = await e2ee1.importKeys(JSON.stringify(stored.alice));
const bob = await e2ee1.importKeys(JSON.stringify(stored.bob));
const eve = await e2ee1.importKeys(JSON.stringify(stored.eve));
const accepted =
  vector<{ name: string; frame: OpenInput; content: unknown; time: string; digest?: string }[]>("accepted");
const refused = vector<{ name: string; code: string; frame: OpenInput }[]>("refused");
const first = accepted[0] as (typeof accepted)[number];

const codeOf = async (frame: OpenInput, keys = bob): Promise<string> => {
  try {
    await e2ee1.open(keys, {}, frame);
    return "ACCEPTED";
  } catch (error) {
    if (!(error instanceof SuiteError)) throw error;
    return error.code;
  }
};

describe("test vectors", () => {
  test.each(accepted)("$name is opened", async ({ frame, content, time, digest }) => {
    const opened = await e2ee1.open(bob, {}, frame);
    expect(opened.content).toEqual(content);
    expect(opened.time).toBe(time);
    if (digest !== undefined) expect(opened.digest).toBe(digest);
  });

  test.each(refused)("$name is refused with $code", async ({ frame, code }) => {
    expect(await codeOf(frame)).toBe(code);
  });
});

describe("sealing and opening", () => {
  test("every recipient opens the one body with its own header", async () => {
    const recipients = [
      { deviceId: "device-eve", encryptionKey: eve.public.encryptionKey },
      { deviceId: "device-bob", encryptionKey: bob.public.encryptionKey },
    ];
    const envelope = { messageId: "m", conversationId: "c", senderUser: "u", senderDevice: "d" };
    const sealed = await e2ee1.seal(
      alice,
      {},
      {
        ...envelope,
        time: new Date().toISOString(),
        content: textContent("hello, wörld"),
        recipients,
      },
    );
    expect([...sealed.headers.keys()]).toEqual(["device-eve", "device-bob"]);
    for (const [keys, deviceId] of [
      [bob, "device-bob"],
      [eve, "device-eve"],
    ] as const) {
      const frame = { ...envelope, body: sealed.body, deviceId, senderSigningKey: alice.public.signingKey };
      const opened = await e2ee1.open(keys, {}, { ...frame, header: sealed.headers.get(deviceId) ?? "" });
      expect(opened.content).toEqual({ type: "text", text: "hello, wörld" });
      expect(opened.digest).toBe(sealed.digest);
    }
  });

  test("the body names no recipient and holds no plaintext", () => {
    const body = new TextDecoder().decode(base64url.decode(first.frame.body));
    expect(Object.keys(JSON.parse(body) as object).sort()).toEqual(["ciphertext", "iv", "protected", "tag"]);
    expect(body).not.toContain(first.frame.deviceId);
    expect(body).not.toContain("tide");
  });

  test("another device's header does not open the body, nor does another device's key", async () => {
    expect(await codeOf(first.frame, eve)).toBe("DECRYPTION_FAILED");
  });

  test("a message without recipients is not made", async () => {
    const input = { ...first.frame, time: "2026-01-01T00:00:00Z", content: textContent("x"), recipients: [] };
    await expect(e2ee1.seal(alice, {}, input)).rejects.toThrow(TypeError);
  });

  test("exported keys come back the same, and of another suite do not come back", async () => {
    const exported = await e2ee1.exportKeys(bob);
    expect((await e2ee1.importKeys(exported)).public).toEqual(bob.public);
    await expect(async () => e2ee1.importKeys(exported.replace("e2ee/1", "e2ee/0"))).rejects.toThrow(TypeError);
  });
});

describe("a message changed on its way", () => {
  const parts = JSON.parse(new TextDecoder().decode(base64url.decode(first.frame.body))) as Record<string, string>;
  const flip = (text: string, byte: number, bit: number): string => {
    const bytes = base64url.decode(text);
    bytes[byte] = (bytes[byte] ?? 0) ^ (1 << bit);
    return base64url.encode(bytes);
  };
  const withPart = (name: string, value: unknown): OpenInput => ({
    ...first.frame,
    body: base64url.encode(JSON.stringify({ ...parts, [name]: value })),
  });

  test.each(["iv", "ciphertext", "tag"])(
    "every flipped bit of the first, a middle and the last byte of %s is refused",
    async (name) => {
      const text = parts[name] ?? "";
      const { length } = base64url.decode(text);
      for (const byte of [0, length >> 1, length - 1]) {
        for (let bit = 0; bit < 8; bit++) {
          expect(await codeOf(withPart(name, flip(text, byte, bit)))).toBe("DECRYPTION_FAILED");
        }
      }
    },
  );

  test("every flipped bit of every byte of the protected header is refused, whatever it then says", async () => {
    const text = parts["protected"] ?? "";
    for (let byte = 0; byte < base64url.decode(text).length; byte++) {
      for (let bit = 0; bit < 8; bit++) {
        const code = await codeOf(withPart("protected", flip(text, byte, bit)));
        expect(["MALFORMED", "ALGORITHM_REFUSED"]).toContain(code);
      }
    }
  });

  test("every flipped bit of the first, a middle and the last byte of the header is refused", async () => {
    const { length } = base64url.decode(first.frame.header);
    for (const byte of [0, length >> 1, length - 1]) {
      for (let bit = 0; bit < 8; bit++) {
        expect(await codeOf({ ...first.frame, header: flip(first.frame.header, byte, bit) })).toBe("DECRYPTION_FAILED");
      }
    }
  });

  test("a protected header with the same meaning in other bytes is refused: it is authenticated as text", async () => {
    const spaced = base64url.encode('{ "enc":"A256CBC-HS512","typ":"sealgraph/e2ee/1"}');
    expect(await codeOf(withPart("protected", spaced))).toBe("DECRYPTION_FAILED");
  });

  test.each([
    ["a missing part", () => withPart("tag", undefined)],
    ["a part of another type", () => withPart("iv", 7)],
    ["an unprotected header", () => withPart("unprotected", { alg: "dir" })],
    ["a truncated body", () => ({ ...first.frame, body: first.frame.body.slice(0, -5) })],
    ["an empty body", () => ({ ...first.frame, body: "" })],
    ["padding in the body", () => ({ ...first.frame, body: `${first.frame.body}=` })],
    ["a header that is not base64url", () => ({ ...first.frame, header: "not base64url!" })],
  ])("%s is MALFORMED", async (_name, frame) => {
    expect(await codeOf(frame())).toBe("MALFORMED");
  });

  test("a short header is refused, not a crash", async () => {
    expect(await codeOf({ ...first.frame, header: "AAAA" })).toBe("DECRYPTION_FAILED");
    expect(await codeOf({ ...first.frame, header: "" })).toMatch(/^(DECRYPTION_FAILED|MALFORMED)$/);
  });

  test.each(["messageId", "conversationId", "senderUser", "senderDevice"] as const)(
    "a frame that names another %s than was signed is refused",
    async (name) => {
      expect(await codeOf({ ...first.frame, [name]: "another" })).toBe("FRAME_MISMATCH");
    },
  );
});

describe("proof of possession", () => {
  test("both keys sign the purpose, the user and both public halves", async () => {
    const proof = JSON.parse(await e2ee1.proveRegistration(alice, "user-1")) as GeneralJWSInput;
    for (const [pem, alg] of [
      [alice.public.signingKey, "EdDSA"],
      [alice.public.encryptionKey, "PS256"],
    ] as const) {
      const only = {
        ...proof,
        signatures: proof.signatures.filter((s) => base64url.encode(JSON.stringify({ alg })) === s.protected),
      };
      expect(only.signatures).toHaveLength(1);
      const { payload } = await generalVerify(only, await importSPKI(pem, alg), { algorithms: [alg] });
      expect(JSON.parse(new TextDecoder().decode(payload))).toEqual({
        purpose: "sealgraph/device/1",
        userId: "user-1",
        ...alice.public,
      });
    }
  });
});

describe("choosing a suite", () => {
  test("a suite that is not known is refused by name", () => {
    expect(() => suiteNamed("e2ee/0")).toThrow(expect.objectContaining({ code: "SUITE_UNKNOWN" }));
    expect(suiteNamed("e2ee/1", "e2ee/1")).toBe(e2ee1);
  });
});
