import { ConfigError, readConfig } from "@sealgraph/platform/config.ts";
import { describe, expect, test } from "vitest";
import { configOf, environmentOf, variables } from "./config.ts";

const config = (env: Record<string, string>) => configOf(readConfig(variables, env));

describe("the gateway's environment", () => {
  test("authentication is on unless it is switched off, and then needs an issuer", () => {
    expect(() => config({})).toThrow(/OIDC_ISSUER: is required/);
    expect(config({ OIDC_ISSUER: "https://id.example" }).tokens?.issuer).toBe("https://id.example");
    expect(config({ OIDC_ISSUER: "https://id.example", GATEWAY_AUTH: "off" }).tokens).toBeUndefined();
  });

  test.each(["no", "false", "0", "OFF"])("GATEWAY_AUTH=%s does not switch it off", (value) => {
    expect(() => config({ GATEWAY_AUTH: value })).toThrow(ConfigError);
  });

  test.each(["*", "example.org", "https://example.org/path", "null"])("%s is no origin", (origin) => {
    expect(() => config({ GATEWAY_AUTH: "off", ALLOWED_ORIGINS: origin })).toThrow(/ALLOWED_ORIGINS/);
  });

  test("all problems are told at once", () => {
    try {
      config({ SUBGRAPHS: "a=ftp://x", SUBGRAPHS_WS: "a=http://x" });
      expect.unreachable();
    } catch (error) {
      expect((error as ConfigError).problems.map(({ name }) => name)).toEqual([
        "SUBGRAPHS",
        "SUBGRAPHS_WS",
        "OIDC_ISSUER",
      ]);
    }
  });
});

test("flags are written over the environment, and a file is looked for where the user stands", () => {
  const env = environmentOf(
    [
      "--supergraph",
      "x.graphql",
      "--port",
      "1",
      "--auth",
      "off",
      "--subgraph",
      "a=http://a/",
      "--subgraph",
      "b=http://b/",
    ],
    { INIT_CWD: "/somewhere", PORT: "2", OTHER: "kept" },
  );
  expect(env).toMatchObject({
    SUPERGRAPH: "/somewhere/x.graphql",
    PORT: "1",
    GATEWAY_AUTH: "off",
    SUBGRAPHS: "a=http://a/,b=http://b/",
    OTHER: "kept",
  });
});
