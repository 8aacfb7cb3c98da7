/** Prints a RegisterDeviceInput with fresh keys: node client/examples/device-keys.ts USER_ID [NAME] */
import { exportPKCS8, exportSPKI, GeneralSign, generateKeyPair, importPKCS8 } from "jose";

const [userId, name = "example"] = process.argv.slice(2);
if (userId === undefined) {
  process.stderr.write("usage: node client/examples/device-keys.ts USER_ID [NAME]\n");
  process.exit(2);
}
const encryption = await generateKeyPair("RSA-OAEP-256", { extractable: true });
const signing = await generateKeyPair("EdDSA", { crv: "Ed25519", extractable: true });
const encryptionKey = await exportSPKI(encryption.publicKey);
const signingKey = await exportSPKI(signing.publicKey);

// PROTOCOL.md, "Devices": one statement, signed by both keys.
const statement = JSON.stringify({ purpose: "sealgraph/device/1", userId, encryptionKey, signingKey });
const proof = await new GeneralSign(new TextEncoder().encode(statement))
  .addSignature(signing.privateKey)
  .setProtectedHeader({ alg: "EdDSA" })
  .addSignature(await importPKCS8(await exportPKCS8(encryption.privateKey), "PS256"))
  .setProtectedHeader({ alg: "PS256" })
  .sign();
process.stdout.write(
  JSON.stringify({ name, encryptionKey, signingKey, encryptionKeySignature: JSON.stringify(proof) }),
);
