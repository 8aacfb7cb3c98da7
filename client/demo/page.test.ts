import { describe, expect, test } from "vitest";
import { readPlayConfig } from "./config.ts";
import { createPage, excerpt, wrap } from "./page.ts";

const env = {
  GATEWAY_URL: "http://x",
  OIDC_ISSUER: "http://y",
  DATABASE_URL: "postgres://z",
  KAFKA_BROKERS: "a:1,b:2",
};

describe("the page", () => {
  test.each([32, 40, 72])("prints no line wider than %i columns", (width) => {
    let text = "";
    const page = createPage({ width, colour: false, write: (line) => (text += line) });
    page.heading("A heading that is somewhat longer than a very narrow terminal is wide");
    page.say(
      "A sentence about postgres://user@127.0.0.1:5432/a_very_long_database_name_that_does_not_fit_anywhere and more.",
    );
    page.show("the body as it was sent to the server by the client of Alice", "A".repeat(500));
    page.quote("text", "word ".repeat(50));
    page.good("it is so");
    const widths = text.split("\n").map((line) => line.length);
    expect(Math.max(...widths)).toBeLessThanOrEqual(width);
    expect(text).toContain("(500 characters)");
  });

  test("keeps every word when it wraps", () => {
    expect(wrap("one two three", 7)).toEqual(["one two", "three"]);
    expect(wrap("abcdefgh", 3).join("")).toBe("abcdefgh");
    expect(excerpt("short", 20)).toBe("short");
  });

  test("is coloured on a terminal only, and not under NO_COLOR", () => {
    expect(readPlayConfig(env, { isTTY: true, columns: 50 })).toMatchObject({ colour: true, width: 50 });
    expect(readPlayConfig({ ...env, NO_COLOR: "1" }, { isTTY: true, columns: 200 })).toMatchObject({
      colour: false,
      width: 72,
    });
    expect(readPlayConfig(env, {})).toMatchObject({ colour: false, width: 72 });
    expect(() => readPlayConfig({ ...env, OIDC_ISSUER: "" }, {})).toThrow("OIDC_ISSUER");
  });
});
