import { ConfigError, readConfig } from "@sealgraph/platform/config.ts";
import { describe, expect, it } from "vitest";
import { configOf, variables } from "./config.ts";

const required = {
  DATABASE_URL: "postgresql://keys_service@localhost/sealgraph",
  KAFKA_BROKERS: "localhost:9092",
  OIDC_ISSUER: "http://localhost/realms/my-cloud",
};

describe("the configuration of keys", () => {
  it("needs the database, the brokers and the issuer, and has a default for the rest", () => {
    expect(configOf(readConfig(variables, required))).toEqual({
      host: "127.0.0.1",
      port: 4001,
      databaseUrl: required.DATABASE_URL,
      kafka: { brokers: ["localhost:9092"] },
      oidc: { issuer: required.OIDC_ISSUER, audience: "sealgraph", jwksUri: undefined },
      limits: { maxDevicesPerUser: 10, maxRegistrationsPerDay: 200 },
      topic: "device-directory",
      heartbeatMs: 2_000,
      pollMs: 50,
    });
  });

  it("tells everything that is missing at once", () => {
    const read = () => readConfig(variables, {});
    expect(read).toThrow(ConfigError);
    for (const name of Object.keys(required)) expect(read).toThrow(name);
  });

  it("refuses a heartbeat so slow that readers would take the relay for dead", () => {
    expect(() => readConfig(variables, { ...required, DIRECTORY_HEARTBEAT_MS: "10000" })).toThrow(
      "DIRECTORY_HEARTBEAT_MS",
    );
  });

  it("takes SASL only whole", () => {
    const sasl = { KAFKA_SASL_USERNAME: "keys", KAFKA_SASL_PASSWORD: "secret" };
    expect(configOf(readConfig(variables, { ...required, ...sasl })).kafka.sasl).toEqual({
      username: "keys",
      password: "secret",
    });
    const half = { ...required, KAFKA_SASL_USERNAME: "keys" };
    expect(() => configOf(readConfig(variables, half))).toThrow(ConfigError);
  });
});
