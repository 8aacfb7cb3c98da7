import { exportJWK, exportSPKI, generateKeyPair, importJWK, type CryptoKey, type JWK } from "jose";
import type { DeviceKeys } from "../suite.ts";
import { keyAlgorithm, possessionAlgorithm, rsaModulusBits, signatureAlgorithm, suiteName } from "./algorithms.ts";

export interface E2ee1Keys extends DeviceKeys {
  /** RSA, for opening. */
  readonly decrypt: CryptoKey;
  /** The same RSA key as a signer: registration only. */
  readonly provePossession: CryptoKey;
  /** Ed25519. */
  readonly sign: CryptoKey;
  /** The private JWKs, for the store. */
  readonly jwks: { readonly encryption: JWK; readonly signing: JWK };
}

/** An RSA-2048 and an Ed25519 pair from WebCrypto. */
export async function generateKeys(): Promise<E2ee1Keys> {
  const [encryption, signing] = await Promise.all([
    generateKeyPair(keyAlgorithm, { modulusLength: rsaModulusBits, extractable: true }),
    generateKeyPair(signatureAlgorithm, { crv: "Ed25519", extractable: true }),
  ]);
  return fromJwks(await exportJWK(encryption.privateKey), await exportJWK(signing.privateKey));
}

export function exportKeys(keys: E2ee1Keys): Promise<string> {
  return Promise.resolve(JSON.stringify({ suite: suiteName, ...keys.jwks }));
}

/** @throws TypeError when the text is not what exportKeys made. */
export function importKeys(exported: string): Promise<E2ee1Keys> {
  const { suite, encryption, signing } = JSON.parse(exported) as { suite?: unknown; encryption?: JWK; signing?: JWK };
  if (suite !== suiteName || encryption === undefined || signing === undefined) {
    throw new TypeError(`not exported keys of suite ${suiteName}`);
  }
  return fromJwks(encryption, signing);
}

async function fromJwks(encryption: JWK, signing: JWK): Promise<E2ee1Keys> {
  const { kty, n, e } = encryption;
  const { crv, x } = signing;
  const [decrypt, provePossession, sign, publicEncryption, publicSigning] = await Promise.all([
    asCryptoKey(encryption, keyAlgorithm),
    asCryptoKey(encryption, possessionAlgorithm),
    asCryptoKey(signing, signatureAlgorithm),
    asCryptoKey(strip({ kty, n, e }), keyAlgorithm),
    asCryptoKey(strip({ kty: signing.kty, crv, x }), signatureAlgorithm),
  ]);
  const [encryptionKey, signingKey] = await Promise.all([exportSPKI(publicEncryption), exportSPKI(publicSigning)]);
  return {
    suite: suiteName,
    public: { encryptionKey: encryptionKey.trim(), signingKey: signingKey.trim() },
    decrypt,
    provePossession,
    sign,
    jwks: { encryption, signing },
  };
}

async function asCryptoKey(jwk: JWK, algorithm: string): Promise<CryptoKey> {
  const key = await importJWK(jwk, algorithm, { extractable: true });
  if (key instanceof Uint8Array) throw new TypeError("a secret, where a key pair was expected");
  return key;
}

function strip(jwk: Record<string, string | undefined>): JWK {
  return Object.fromEntries(Object.entries(jwk).filter(([, value]) => value !== undefined)) as JWK;
}
