// Credentials for the AWS SDK for JavaScript in a page. `proof` is a function that gives the JWT of who is signed in.
// These two packages, for @aws-sdk/credential-providers has all the others that a page cannot run.
import { fromHttp } from "@aws-sdk/credential-provider-http";
import { fromWebToken } from "@aws-sdk/credential-provider-web-identity";

// Credentials of the role that the rules choose; the SDK asks for others before they expire.
export const vendedCredentials = (vendor, proof) => async () =>
  fromHttp({ credentialsFullUri: `${vendor}/credentials`, authorizationToken: `Bearer ${await proof()}` })();

// A Cognito token and its identity, by RFC 8693.
export async function exchange(vendor, proof) {
  const body = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    requested_token_type: "urn:ietf:params:oauth:token-type:jwt",
    subject_token: await proof(),
  });
  const answer = await (await fetch(`${vendor}/token`, { method: "POST", body })).json();
  if (answer.error) throw new Error(`${answer.error}: ${answer.error_description} (request ${answer.request_id})`);
  return { identityId: answer.identity_id, token: answer.access_token };
}

// Credentials that the page has STS make of that token: `roleArn` is a role of flow `token`.
export const webIdentityCredentials = (vendor, proof, roleArn, clientConfig) => async () =>
  fromWebToken({ roleArn, clientConfig, webIdentityToken: (await exchange(vendor, proof)).token })();
