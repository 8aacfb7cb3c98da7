/** Everything that the suite uses; a message that names anything else is refused (RFC 8725 §3.1). */
export const suiteName = "e2ee/1";
/** RFC 8037 §3.1, over Ed25519. */
export const signatureAlgorithm = "EdDSA";
/** RFC 7518 §4.3, per recipient. */
export const keyAlgorithm = "RSA-OAEP-256";
/** RFC 7518 §5.2.5. */
export const contentAlgorithm = "A256CBC-HS512";
/** RFC 7518 §3.5: only to prove possession of the RSA key at registration. */
export const possessionAlgorithm = "PS256";
export const rsaModulusBits = 2048;
/** `typ` of the JWE: RFC 8725 §3.11. */
export const bodyType = "sealgraph/e2ee/1";
