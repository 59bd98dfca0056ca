// RFC 8693 by openid-client, and a vended token in the hands of fromCognitoIdentity. One step a run.
// exchange.mjs '{"step", "vendor", "jwt", …}'
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";
import { fromCognitoIdentity } from "@aws-sdk/credential-providers";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import * as client from "openid-client";

const { step, vendor, jwt, ...more } = JSON.parse(process.argv[2]);
const EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange";
const subject = { subject_token: jwt, subject_token_type: "urn:ietf:params:oauth:token-type:jwt" };
const server = { issuer: vendor, token_endpoint: `${vendor}/token` };
const config = new client.Configuration(server, "none", undefined, client.None());
client.allowInsecureRequests(config);
const exchange = (parameters) => client.genericGrantRequest(config, EXCHANGE, { ...subject, ...parameters });
const refused = (error) => ({ error: error.error, status: error.status });

const steps = {
  async openidClient() {
    const token = await exchange({ audience: "member" });
    const requested_token_type = "urn:poolkeeper:params:oauth:token-type:aws-credentials";
    const credentials = await exchange({ audience: "publisher", requested_token_type });
    return {
      token: { type: token.issued_token_type, expires_in: token.expires_in, identity: token.identity_id },
      credentials: credentials.issued_token_type,
      proof: await exchange({ subject_token: "a.b.c" }).catch(refused),
      role: await exchange({ audience: "nobody" }).catch(refused),
    };
  },
  async fromCognitoIdentity() {
    const { endpoint, table, own, stranger } = more;
    const { access_token, identity_id } = await exchange({});
    const logins = { "cognito-identity.amazonaws.com": access_token };
    const clientConfig = { endpoint, region: "us-east-1" };
    const credentials = fromCognitoIdentity({ identityId: identity_id, logins, clientConfig });
    const dynamodb = new DynamoDBClient({ ...clientConfig, credentials });
    const get = (owner) =>
      dynamodb
        .send(new GetItemCommand({ TableName: table, Key: { owner: { S: owner }, item: { S: "note" } } }))
        .then(() => "read", (error) => error.name);
    const { Arn } = await new STSClient({ ...clientConfig, credentials }).send(new GetCallerIdentityCommand());
    return { arn: Arn, own: await get(own), stranger: await get(stranger) };
  },
};
console.log(JSON.stringify(await steps[step]()));
