import { expect, it } from "vitest";
import { readStackConfig } from "./config.ts";

it("uses local parts when nothing is set", () => {
  expect(readStackConfig({})).toMatchObject({
    databases: undefined,
    kafka: undefined,
    kms: undefined,
    oidcIssuer: undefined,
  });
});

it("names every problem at once", () => {
  const env = {
    DATABASE_URL_ADMIN: "mysql://x",
    KAFKA_SASL_USERNAME: "u",
    KMS_ENDPOINT: "ftp://x",
    OIDC_ISSUER: "here",
  };
  expect(() => readStackConfig(env)).toThrow(
    /DATABASE_URL_ADMIN[^]*KAFKA_SASL_PASSWORD[^]*KMS_ENDPOINT[^]*OIDC_ISSUER/,
  );
});

it("wants the administrator's URL with any role's", () => {
  expect(() => readStackConfig({ DATABASE_URL_KEYS: "postgresql://k@h/d" })).toThrow("DATABASE_URL_ADMIN");
});

it('takes "aws" for the real KMS, with the SDK\'s own variables', () => {
  const { kms, aws, awsRegion } = readStackConfig({
    KMS_ENDPOINT: "aws",
    AWS_REGION: "eu-central-1",
    AWS_PROFILE: "p",
  });
  expect(kms).toEqual({ endpoint: undefined, keyId: undefined });
  expect(awsRegion).toBe("eu-central-1");
  expect(aws).toMatchObject({ AWS_PROFILE: "p" });
});

it("splits the brokers and drops blanks", () => {
  expect(readStackConfig({ KAFKA_BROKERS: "a:1, b:2,," }).kafka?.brokers).toEqual(["a:1", "b:2"]);
});
