import { describe, expect, it } from "vitest";
import { ConfigError, describeVariables, readConfig, variable } from "./config.ts";

const variables = {
  NAME: variable.string({ description: "a name" }),
  SECRET: variable.string({ description: "a secret", secret: true, minLength: 8 }),
  COUNT: variable.integer({ description: "a count", unit: "frames", min: 1, max: 10, default: 3 }),
  BROKERS: variable.list({ description: "brokers", default: "a:1, b:2" }),
  MODE: variable.oneOf(["on", "off"], { description: "a mode", default: "on" }),
  URLS: variable.pairs({ description: "urls", default: "" }),
  WHERE: variable.url({ description: "a place", optional: true }),
};

const problemsOf = (env: Record<string, string>) => {
  try {
    readConfig(variables, env);
  } catch (error) {
    if (error instanceof ConfigError) return Object.fromEntries(error.problems.map((p) => [p.name, p.problem]));
  }
  return {};
};

describe("the environment", () => {
  it("gives typed values, and defaults where a variable is absent or empty", () => {
    const values = readConfig(variables, { NAME: "x", SECRET: "long enough", COUNT: "", URLS: "a=http://x/?q=1, b=y" });
    expect(values).toEqual({
      NAME: "x",
      SECRET: "long enough",
      COUNT: 3,
      BROKERS: ["a:1", "b:2"],
      MODE: "on",
      URLS: { a: "http://x/?q=1", b: "y" },
    });
  });

  it("tells every problem at once", () => {
    const problems = problemsOf({
      SECRET: "short",
      COUNT: "11",
      BROKERS: " , ",
      MODE: "maybe",
      URLS: "a",
      WHERE: "no url",
    });
    expect(Object.keys(problems)).toEqual(["NAME", "SECRET", "COUNT", "BROKERS", "MODE", "URLS", "WHERE"]);
    expect(problems["COUNT"]).toBe('must be from 1 to 10, not "11"');
  });

  it.each(["1.5", "1e1", "0x1", " 1", "ten", "-1"])("refuses %j as a whole number from 1 to 10", (text) => {
    expect(problemsOf({ NAME: "x", SECRET: "long enough", COUNT: text })).toHaveProperty("COUNT");
  });

  it("never shows a secret that was wrong", () => {
    expect(problemsOf({ NAME: "x", SECRET: "short" })["SECRET"]).not.toContain("short");
  });

  it("refuses a name given twice in pairs", () => {
    expect(problemsOf({ NAME: "x", SECRET: "long enough", URLS: "a=1,a=2" })).toHaveProperty("URLS");
  });

  it("describes each variable with its default and unit", () => {
    expect(describeVariables(variables)).toContainEqual({
      name: "COUNT",
      default: "3",
      unit: "frames",
      description: "a count",
    });
  });
});
