import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { findText } from "./find-text.ts";

const secret = "The tide is at nine.";
const json = (value: unknown) => Buffer.from(JSON.stringify(value));
const base64url = (value: string) => Buffer.from(value).toString("base64url");

test.each([
  ["as it is", json({ text: secret }), "utf8"],
  ["as hex", json({ text: Buffer.from(secret).toString("hex") }), "hex"],
  ["as upper-case hex", json({ text: Buffer.from(secret).toString("hex").toUpperCase() }), "hex"],
  ["as base64 at offset 0", json(Buffer.from(secret).toString("base64")), "base64"],
  ["as base64 at offset 1", json(Buffer.from(`x${secret}y`).toString("base64")), "base64"],
  ["as base64url at offset 2", json(base64url(`xy${secret}z`)), "base64"],
  [
    "as base64url inside base64url",
    json(base64url(JSON.stringify({ ciphertext: base64url(secret) }))),
    "base64 inside base64",
  ],
  ["between random bytes", Buffer.concat([randomBytes(100), Buffer.from(secret), randomBytes(100)]), "utf8"],
])("the text is found %s", (_name, where, how) => {
  expect(findText(secret, where)).toBe(how);
});

test("the text is not found where it is not", () => {
  expect(
    findText(secret, json({ text: base64url("The tide is at ten."), random: randomBytes(3_000).toString("base64") })),
  ).toBeUndefined();
});
