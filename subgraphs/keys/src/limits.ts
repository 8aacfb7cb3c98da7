/** Bounds that are not configured: changing one changes the contract with clients (PROTOCOL.md). */

/** Code points of a device's name, after trimming. */
export const maxDeviceNameLength = 64;
/** Characters of a public key's PEM; RSA-4096 has about 800. */
export const maxPublicKeyLength = 2_048;
/** Characters of the proof of possession; two RSA-4096 keys and signatures make about 2,600. */
export const maxProofLength = 8_192;
/** Bits of an encryption key's modulus. */
export const minModulusBits = 2_048;
export const maxModulusBits = 4_096;

/** Characters of a user name; a longer one of the identity provider is cut. */
export const maxUsernameLength = 128;
/** Characters of a display name; a longer one is cut. */
export const maxDisplayNameLength = 256;

/**
 * Revoked devices of a user that are listed, newest first revoked: in `User.devices` and in the directory. Older ones
 * can still be resolved by id (messages that they signed stay verifiable), but are unknown to the directory.
 */
export const maxListedRevokedDevices = 100;
