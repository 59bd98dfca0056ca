// Amplify v6 with the vendor's credentials: Storage, Geo and other categories use them.
import { Amplify } from "aws-amplify";
import { exchange } from "./browser.mjs";

export function configure(resources, vendor, proof) {
  let session;
  const credentialsProvider = {
    async getCredentialsAndIdentityId({ forceRefresh } = {}) {
      const soon = Date.now() + 5 * 60 * 1000;
      if (forceRefresh || !session || session.credentials.expiration < soon) {
        const { identityId } = await exchange(vendor, proof);
        const headers = { authorization: `Bearer ${await proof()}` };
        const answer = await fetch(`${vendor}/credentials`, { headers });
        const vended = await answer.json();
        if (!answer.ok) throw new Error(`${vended.Code}: ${vended.Message} (request ${vended.RequestId})`);
        const credentials = {
          accessKeyId: vended.AccessKeyId,
          secretAccessKey: vended.SecretAccessKey,
          sessionToken: vended.Token,
          expiration: new Date(vended.Expiration),
        };
        session = { identityId, credentials };
      }
      return session;
    },
    clearCredentialsAndIdentityId() {
      session = undefined;
    },
  };
  Amplify.configure(resources, { Auth: { credentialsProvider } });
}
