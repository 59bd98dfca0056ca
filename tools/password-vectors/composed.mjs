// Firebase and Better Auth, composed of Node's own scrypt and AES after the sources that docs/passwords.md
// names. Reads JSON lines {"kind", "password"} and writes the stored string of each.
import { createCipheriv, scryptSync } from "node:crypto";
import { createInterface } from "node:readline";

const salt = Buffer.from("salt of firebase");
const separator = Buffer.from([7]);
const signerKey = Buffer.from(Array.from({ length: 64 }, (_, i) => (i * 7 + 3) & 255));

function firebase(password, logN) {
  const key = scryptSync(password, Buffer.concat([salt, separator]), 32, { N: 2 ** logN, r: 8, p: 1 });
  return createCipheriv("aes-256-ctr", key, Buffer.alloc(16)).update(signerKey);
}

const b64 = (bytes) => bytes.toString("base64");
const kinds = {
  firescrypt: (p) => `$firescrypt$ln=4,r=8,p=1$${b64(salt)}$${b64(firebase(p, 4))}$${b64(separator)}$${b64(signerKey)}`,
  fbscrypt: (p) => `$fbscrypt$v=1,n=4,r=8,p=1,ss=${b64(separator)},sk=${b64(signerKey)}$${b64(salt)}$${b64(firebase(p, 4))}`,
  clerk: (p) => [b64(firebase(p, 4)), b64(salt), b64(signerKey), b64(separator), "8", "4"].join("$"),
  columns: (p) => `${b64(firebase(p, 4))}$${b64(salt)}`,
  "better-auth": (p) => {
    const hexSalt = "000102030405060708090a0b0c0d0e0f";
    const key = scryptSync(p.normalize("NFKC"), hexSalt, 64, { N: 16384, r: 16, p: 1, maxmem: 2 ** 26 });
    return `${hexSalt}:${key.toString("hex")}`;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const { kind, password } = JSON.parse(line);
  console.log(JSON.stringify(kinds[kind](password)));
}
