/** Typed environment: every variable is declared once, and all that is wrong with it is told at once. */
import { z } from "zod";

export interface Variable<T> {
  readonly description: string;
  /** As it would be written in the environment. */
  readonly default: string | undefined;
  /** Absent means undefined, not an error. */
  readonly optional: boolean;
  /** Never printed. */
  readonly secret: boolean;
  readonly unit: string | undefined;
  readonly parse: z.ZodType<T>;
}

export type Variables = Record<string, Variable<unknown>>;
export type Values<V extends Variables> = { [K in keyof V]: V[K] extends Variable<infer T> ? T : never };

export interface ConfigProblem {
  readonly name: string;
  readonly problem: string;
}

/** The environment is unusable; `problems` lists every variable at fault. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  constructor(problems: readonly ConfigProblem[]) {
    super(problems.map(({ name, problem }) => `${name}: ${problem}`).join("\n"));
    this.problems = problems;
  }
}

interface Options {
  description: string;
  default?: string;
  secret?: boolean;
}
type OptionalOptions = Options & { optional: true };

function declare<T>(parse: z.ZodType<T>, options: Options & { optional?: boolean }, unit?: string): Variable<T> {
  return {
    description: options.description,
    default: options.default,
    optional: options.optional ?? false,
    secret: options.secret ?? false,
    unit,
    parse,
  };
}

function string(options: OptionalOptions & { minLength?: number }): Variable<string | undefined>;
function string(options: Options & { minLength?: number }): Variable<string>;
function string(options: Options & { optional?: boolean; minLength?: number }): Variable<string | undefined> {
  const least = options.minLength ?? 1;
  return declare(z.string().min(least, `must have at least ${least} characters`), options);
}

function url(options: OptionalOptions): Variable<string | undefined>;
function url(options: Options): Variable<string>;
function url(options: Options & { optional?: boolean }): Variable<string | undefined> {
  return declare(
    z.string().refine((text) => URL.canParse(text), "must be a URL"),
    options,
  );
}

export const variable = {
  string,
  url,
  /** A whole number within [min, max]. */
  integer(options: Omit<Options, "default"> & { unit: string; min: number; max: number; default: number }) {
    const { min, max } = options;
    const parse = z
      .string()
      .regex(/^-?\d+$/, "must be a whole number")
      .transform(Number)
      .refine((value) => value >= min && value <= max, `must be from ${min} to ${max}`);
    return declare<number>(parse, { ...options, default: String(options.default) }, options.unit);
  },
  /** Comma separated, at least one. */
  list(options: Options) {
    const parse = z
      .string()
      .transform((text) =>
        text
          .split(",")
          .map((part) => part.trim())
          .filter((part) => part !== ""),
      )
      .refine((parts) => parts.length > 0, "must name at least one, separated by commas");
    return declare<string[]>(parse, options);
  },
  oneOf<const T extends readonly [string, ...string[]]>(values: T, options: Options) {
    return declare<T[number]>(z.enum(values, `must be one of ${values.join(", ")}`), options);
  },
  /** "name=value,name=value"; names once each. Empty gives none. */
  pairs(options: Options) {
    const parse = z.string().transform((text, context) => {
      const pairs: Record<string, string> = {};
      for (const part of text.split(",").map((piece) => piece.trim())) {
        if (part === "") continue;
        const at = part.indexOf("=");
        const name = part.slice(0, at).trim();
        if (at <= 0 || name in pairs) {
          context.addIssue({ code: "custom", message: `"${part}" must be name=value, each name once` });
          return z.NEVER;
        }
        pairs[name] = part.slice(at + 1).trim();
      }
      return pairs;
    });
    return declare<Record<string, string>>(parse, options);
  },
};

/**
 * Reads the declared variables and nothing else. An empty variable counts as absent.
 * @throws ConfigError with every problem.
 */
export function readConfig<V extends Variables>(variables: V, env: Readonly<Record<string, string | undefined>>) {
  const problems: ConfigProblem[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, declared] of Object.entries(variables)) {
    const given = env[name];
    const text = given === undefined || given === "" ? declared.default : given;
    if (text === undefined) {
      if (!declared.optional) problems.push({ name, problem: `is required: ${declared.description}` });
      continue;
    }
    const result = declared.parse.safeParse(text);
    if (result.success) values[name] = result.data;
    else {
      const shown = declared.secret ? "the value given" : JSON.stringify(text);
      problems.push({ name, problem: `${result.error.issues[0]?.message ?? "is not valid"}, not ${shown}` });
    }
  }
  if (problems.length > 0) throw new ConfigError(problems);
  return values as Values<V>;
}

/** The rows of a program's table of variables, in order of declaration. */
export function describeVariables(variables: Variables) {
  return Object.entries(variables).map(([name, declared]) => ({
    name,
    default:
      declared.secret && declared.default
        ? "(set)"
        : (declared.default ?? (declared.optional ? "(none)" : "(required)")),
    unit: declared.unit ?? "",
    description: declared.description,
  }));
}
