// Amplify v6 with its defaults, told the two endpoints: SRP, and AWS credentials of the identity pool. One step a run.
// amplify.mjs '{"step", "endpoint", "poolId", "clientId", "identityPoolId", "email", "password", …}'
import {
  confirmSignUp,
  fetchAuthSession,
  fetchUserAttributes,
  signIn,
  signOut,
  signUp,
  updateUserAttribute,
} from "aws-amplify/auth";
import { Amplify } from "aws-amplify";
import { DynamoDBClient, GetItemCommand } from "@aws-sdk/client-dynamodb";

const settings = JSON.parse(process.argv[2]);
const { step, endpoint, email, password } = settings;
Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: settings.poolId,
      userPoolClientId: settings.clientId,
      userPoolEndpoint: endpoint,
      identityPoolId: settings.identityPoolId,
      identityPoolEndpoint: endpoint,
    },
  },
});

const steps = {
  async signUp() {
    const { nextStep, userId } = await signUp({ username: email, password, options: { userAttributes: { email } } });
    return { next: nextStep.signUpStep, userId };
  },
  async use() {
    await confirmSignUp({ username: email, confirmationCode: settings.code });
    const refused = await signIn({ username: email, password: "Wrong-horse-1" }).then(() => "", (error) => error.name);
    const { isSignedIn } = await signIn({ username: email, password });
    await updateUserAttribute({ userAttribute: { attributeKey: "name", value: "Ada" } });
    const session = await fetchAuthSession();
    const renewed = await fetchAuthSession({ forceRefresh: true });
    return {
      refused,
      isSignedIn,
      name: (await fetchUserAttributes()).name,
      identityId: session.identityId,
      renewed: `${renewed.tokens.accessToken}` !== `${session.tokens.accessToken}`,
      read: await read(renewed.credentials, settings.own),
    };
  },
  // The same person, after an administrator has put them into the group.
  async useAsMember() {
    await signIn({ username: email, password });
    const { credentials, identityId } = await fetchAuthSession();
    const own = await read(credentials, settings.own);
    const stranger = await read(credentials, settings.stranger);
    await signOut({ global: true });
    const { tokens } = await fetchAuthSession();
    return { identityId, own, stranger, signedOut: tokens === undefined };
  },
};

// The profile in the directory table: its sort key, or why not.
async function read(credentials, owner) {
  const dynamodb = new DynamoDBClient({ endpoint, region: "us-east-1", credentials });
  const Key = { pk: { S: owner }, sk: { S: "PROFILE" } };
  const { Item } = await dynamodb
    .send(new GetItemCommand({ TableName: settings.table, Key }))
    .catch((error) => ({ Item: { sk: { S: error.name } } }));
  return Item?.sk.S ?? "";
}

console.log(JSON.stringify(await steps[step]()));
