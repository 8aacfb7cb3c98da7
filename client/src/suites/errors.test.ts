import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { suiteErrorCodes } from "./errors.ts";

const protocol = readFileSync(new URL("../../../PROTOCOL.md", import.meta.url), "utf8");

test.each(Object.keys(suiteErrorCodes))("PROTOCOL.md tells when a message is refused with %s", (code) => {
  expect(protocol).toContain(`\`${code}\``);
});
