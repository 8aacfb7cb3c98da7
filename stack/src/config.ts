/** The one place where the stack reads its environment. Each variable replaces a local part by one that is there already. */
export interface StackConfig {
  databases: { admin: string; keys?: string; messages?: string; processor?: string; maintenance?: string } | undefined;
  kafka: { brokers: string[]; sasl: { username: string; password: string } | undefined } | undefined;
  kms: { endpoint: string | undefined; keyId: string | undefined } | undefined;
  oidcIssuer: string | undefined;
  awsRegion: string;
  /** Credentials and profile for a real KMS; local ones otherwise. */
  aws: Record<string, string>;
  logLevel: string | undefined;
  baseEnv: Record<string, string>;
  colour: boolean;
}

export const stackVariables = {
  DATABASE_URL_ADMIN: "PostgreSQL of your own: a URL whose role may create roles and schemas",
  DATABASE_URL_KEYS: "… its role keys_service (else the stack sets the passwords of the four roles)",
  DATABASE_URL_MESSAGES: "… its role messages_service",
  DATABASE_URL_PROCESSOR: "… its role processor",
  DATABASE_URL_MAINTENANCE: "… its role maintenance",
  KAFKA_BROKERS: "Kafka of your own: host:port, comma separated (with KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD)",
  KMS_ENDPOINT: 'a KMS of your own: its URL, or "aws" (with AWS_REGION and the SDK\'s usual credentials)',
  KMS_KEY_ID: "the master key there (alias/sealgraph)",
  OIDC_ISSUER: "an identity provider of your own: its issuer URL",
  LOG_LEVEL: "of the programs (info)",
} as const;

const passedOn = ["PATH", "HOME", "USER", "TMPDIR", "LANG", "JAVA_HOME", "SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS"];

/** Throws one Error naming everything that is wrong. */
export function readStackConfig(env: NodeJS.ProcessEnv): StackConfig {
  const problems: string[] = [];
  const text = (name: string) => (env[name]?.trim() ? env[name].trim() : undefined);
  const url = (name: string, ...schemes: string[]) => {
    const value = text(name);
    if (value !== undefined && !schemes.includes(URL.parse(value)?.protocol ?? "")) {
      problems.push(`${name} must be a URL that starts with ${schemes.map((scheme) => `${scheme}//`).join(" or ")}`);
    }
    return value;
  };
  const database = (name: string) => url(name, "postgresql:", "postgres:");
  const admin = database("DATABASE_URL_ADMIN");
  const roles = {
    keys: database("DATABASE_URL_KEYS"),
    messages: database("DATABASE_URL_MESSAGES"),
    processor: database("DATABASE_URL_PROCESSOR"),
    maintenance: database("DATABASE_URL_MAINTENANCE"),
  };
  if (admin === undefined && Object.values(roles).some((value) => value !== undefined)) {
    problems.push("DATABASE_URL_ADMIN is needed with the other DATABASE_URL_… variables");
  }
  const username = text("KAFKA_SASL_USERNAME");
  const password = text("KAFKA_SASL_PASSWORD");
  if ((username === undefined) !== (password === undefined)) {
    problems.push("KAFKA_SASL_USERNAME and KAFKA_SASL_PASSWORD go together");
  }
  const brokers = text("KAFKA_BROKERS")
    ?.split(",")
    .map((broker) => broker.trim())
    .filter((broker) => broker !== "");
  const kmsEndpoint = text("KMS_ENDPOINT") === "aws" ? "aws" : url("KMS_ENDPOINT", "http:", "https:");
  const oidcIssuer = url("OIDC_ISSUER", "http:", "https:");
  if (problems.length > 0) throw new Error(problems.join("\n"));

  return {
    databases:
      admin === undefined
        ? undefined
        : {
            admin,
            ...(Object.fromEntries(Object.entries(roles).filter(([, value]) => value !== undefined)) as Partial<
              Record<keyof typeof roles, string>
            >),
          },
    kafka:
      brokers === undefined
        ? undefined
        : { brokers, sasl: username === undefined || password === undefined ? undefined : { username, password } },
    kms:
      kmsEndpoint === undefined
        ? undefined
        : { endpoint: kmsEndpoint === "aws" ? undefined : kmsEndpoint, keyId: text("KMS_KEY_ID") },
    oidcIssuer,
    awsRegion: text("AWS_REGION") ?? "us-east-1",
    aws: Object.fromEntries(
      Object.entries(env).filter(
        (entry): entry is [string, string] => entry[0].startsWith("AWS_") && entry[1] !== undefined,
      ),
    ),
    logLevel: text("LOG_LEVEL"),
    baseEnv: Object.fromEntries(passedOn.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]]))),
    colour: env["NO_COLOR"] === undefined || env["NO_COLOR"] === "",
  };
}
