// aws-jwt-verify and openid-client, on tokens of the pool and on the vendor. One step a run.
// verify.mjs '{"step", "issuer", "clientId", "tokens": {"id", "access"}, "vendor", "proof"}'
import { JwtVerifier } from "aws-jwt-verify";
import { validateCognitoJwtFields } from "aws-jwt-verify/cognito-verifier";
import * as client from "openid-client";

const { step, issuer, clientId, tokens, vendor, proof } = JSON.parse(process.argv[2]);
const discovery = { execute: [client.allowInsecureRequests] };
// What a call that must fail says.
const name = (error) => error.constructor.name;

const steps = {
  // It fetches keys by https alone, so it is given the pool's as another program fetches them. Then it verifies what
  // CognitoJwtVerifier verifies, but for the issuer's URL, which that one derives from the pool's id.
  async awsJwtVerify() {
    const jwks = await (await fetch(`${issuer}/.well-known/jwks.json`)).json();
    const verifier = (tokenUse, audience) => {
      const customJwtCheck = ({ payload }) => validateCognitoJwtFields(payload, { tokenUse, clientId: audience });
      const made = JwtVerifier.create({ issuer, audience: null, jwksUri: `${issuer}/jwks.json`, customJwtCheck });
      made.cacheJwks(jwks);
      return made;
    };
    const [head, body, signature] = tokens.id.split(".");
    const forged = JSON.parse(Buffer.from(body, "base64url"));
    forged["cognito:groups"] = ["administrators"];
    const tampered = [head, Buffer.from(JSON.stringify(forged)).toString("base64url"), signature].join(".");
    const refused = (made, token) => made.verify(token).then(() => "", name);
    return {
      id: (await verifier("id", clientId).verify(tokens.id)).email,
      access: (await verifier("access", clientId).verify(tokens.access)).username !== undefined,
      tampered: await refused(verifier("id", clientId), tampered),
      otherUse: await refused(verifier("id", clientId), tokens.access),
      otherClient: await refused(verifier("id", "another"), tokens.id),
    };
  },
  // Discovery, then the vendor as the token endpoint of RFC 8693.
  async openidClient() {
    const pool = await client.discovery(new URL(issuer), clientId, undefined, client.None(), discovery);
    const metadata = { issuer: vendor, token_endpoint: `${vendor}/token` };
    const exchange = new client.Configuration(metadata, clientId, undefined, client.None());
    client.allowInsecureRequests(exchange);
    const grant = (subject_token) =>
      client.genericGrantRequest(exchange, "urn:ietf:params:oauth:grant-type:token-exchange", {
        subject_token,
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      });
    const answer = await grant(proof);
    const refused = await grant("no.jwt.atall").then(() => ({}), (error) => ({ error: error.error, status: error.status }));
    const { issuer: discovered, jwks_uri } = pool.serverMetadata();
    return { discovered, jwks_uri, type: answer.issued_token_type, expires: answer.expires_in, refused };
  },
};
console.log(JSON.stringify(await steps[step]()));
