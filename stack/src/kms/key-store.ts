import { randomBytes, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { writeFileAtomically } from "../state.ts";
import { alreadyExists, notFound, validation } from "./errors.ts";

export interface MasterKey {
  id: string;
  /** 32 bytes, base64. In AWS it never leaves the hardware; here it is in a file, which is why this is for development only. */
  material: string;
  spec: "SYMMETRIC_DEFAULT" | "HMAC_256";
  usage: "ENCRYPT_DECRYPT" | "GENERATE_VERIFY_MAC";
  enabled: boolean;
  description: string;
  /** Seconds since the epoch, as the protocol writes times. */
  createdAt: number;
}

interface Stored {
  keys: MasterKey[];
  /** "alias/name" to key id. */
  aliases: Record<string, string>;
}

const arnPrefix = "arn:aws:kms:us-east-1:000000000000:";
const aliasPattern = /^alias\/[a-zA-Z0-9/_-]{1,250}$/;

export const keyArn = (key: MasterKey) => `${arnPrefix}key/${key.id}`;
export const aliasArn = (name: string) => `${arnPrefix}${name}`;

/** Master keys and aliases in one file of mode 0600; a change is in the file before it is answered. */
export class KeyStore {
  readonly #file: string;
  #stored: Stored = { keys: [], aliases: {} };

  constructor(file: string) {
    this.#file = file;
    try {
      this.#stored = JSON.parse(readFileSync(file, "utf8")) as Stored;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    }
  }

  create(o: Pick<MasterKey, "spec" | "usage" | "description">): MasterKey {
    const key: MasterKey = {
      ...o,
      id: randomUUID(),
      material: randomBytes(32).toString("base64"),
      enabled: true,
      createdAt: Math.floor(Date.now() / 1000),
    };
    this.#save({ ...this.#stored, keys: [...this.#stored.keys, key] });
    return key;
  }

  keys(): MasterKey[] {
    return this.#stored.keys;
  }

  aliases(): { name: string; keyId: string }[] {
    return Object.entries(this.#stored.aliases)
      .map(([name, keyId]) => ({ name, keyId }))
      .sort((a, b) => a.name.localeCompare(b.name));
  }

  /** By key id, key ARN, alias name or alias ARN. Throws NotFoundException. */
  find(reference: string): MasterKey {
    const name = reference.startsWith(arnPrefix) ? reference.slice(arnPrefix.length) : reference;
    if (name.startsWith("alias/")) {
      const keyId = this.#stored.aliases[name];
      if (keyId === undefined) throw notFound(`Alias ${aliasArn(name)} is not found.`);
      return this.findById(keyId);
    }
    return this.findById(name.startsWith("key/") ? name.slice("key/".length) : name);
  }

  findById(id: string): MasterKey {
    const key = this.#stored.keys.find((each) => each.id === id);
    if (key === undefined) throw notFound(`Key '${arnPrefix}key/${id}' does not exist`);
    return key;
  }

  /** Takes no alias, as in AWS. */
  setEnabled(reference: string, enabled: boolean): void {
    if (reference.includes("alias/")) throw notFound(`Invalid keyId ${reference}`);
    const { id } = this.find(reference);
    this.#save({ ...this.#stored, keys: this.#stored.keys.map((key) => (key.id === id ? { ...key, enabled } : key)) });
  }

  createAlias(name: string, reference: string): void {
    this.#checkAliasName(name);
    if (this.#stored.aliases[name] !== undefined)
      throw alreadyExists(`An alias with the name ${aliasArn(name)} already exists`);
    this.#point(name, reference);
  }

  updateAlias(name: string, reference: string): void {
    if (this.#stored.aliases[name] === undefined) throw notFound(`Alias ${aliasArn(name)} is not found.`);
    this.#point(name, reference);
  }

  deleteAlias(name: string): void {
    if (this.#stored.aliases[name] === undefined) throw notFound(`Alias ${aliasArn(name)} is not found.`);
    const { [name]: _, ...aliases } = this.#stored.aliases;
    this.#save({ ...this.#stored, aliases });
  }

  #point(name: string, reference: string): void {
    if (reference.includes("alias/")) throw validation("Aliases must refer to keys. Not aliases");
    this.#save({ ...this.#stored, aliases: { ...this.#stored.aliases, [name]: this.find(reference).id } });
  }

  #checkAliasName(name: string): void {
    if (!aliasPattern.test(name))
      throw validation(`1 validation error detected: Value '${name}' at 'aliasName' is no alias name`);
    if (name.startsWith("alias/aws/")) throw validation(`${name} is reserved`);
  }

  #save(next: Stored): void {
    writeFileAtomically(this.#file, JSON.stringify(next, null, 2));
    this.#stored = next;
  }
}
