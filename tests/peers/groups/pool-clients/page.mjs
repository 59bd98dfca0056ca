// The page of an application: its person signs up, confirms, signs in (Amplify), and reads rows with vended credentials.
import { confirmSignUp, fetchAuthSession, signIn, signUp } from "aws-amplify/auth";
import { Amplify } from "aws-amplify";
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";

// Put there by browser.mjs, as an application's build does.
const settings = globalThis.SETTINGS;
Amplify.configure({
  Auth: {
    Cognito: {
      userPoolId: settings.poolId,
      userPoolClientId: settings.clientId,
      userPoolEndpoint: settings.endpoint,
    },
  },
});

const value = (id) => document.getElementById(id).value;
const proof = async () => `${(await fetchAuthSession()).tokens.idToken}`;

const actions = {
  async signUp() {
    const email = value("email");
    const options = { userAttributes: { email } };
    return (await signUp({ username: email, password: value("password"), options })).nextStep.signUpStep;
  },
  async confirm() {
    const { isSignUpComplete } = await confirmSignUp({ username: value("email"), confirmationCode: value("code") });
    return isSignUpComplete;
  },
  async signIn() {
    return (await signIn({ username: value("email"), password: value("password") })).isSignedIn;
  },
  // The identity, by RFC 8693: a form, which a browser sends without asking first.
  async exchange() {
    const body = new URLSearchParams({
      grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
      subject_token_type: "urn:ietf:params:oauth:token-type:id_token",
      subject_token: await proof(),
    });
    const { identity_id } = await (await fetch(`${settings.vendor}/token`, { method: "POST", body })).json();
    document.getElementById("identity").value = identity_id;
    return identity_id;
  },
  // Credentials, with an Authorization header: the browser asks first.
  async rows() {
    const headers = { authorization: `Bearer ${await proof()}` };
    const vended = await (await fetch(`${settings.vendor}/credentials`, { headers })).json();
    const credentials = {
      accessKeyId: vended.AccessKeyId,
      secretAccessKey: vended.SecretAccessKey,
      sessionToken: vended.Token,
    };
    const dynamodb = new DynamoDBClient({ endpoint: settings.endpoint, region: "us-east-1", credentials });
    const key = (owner) => ({ owner: { S: owner }, item: { S: "note" } });
    const get = async (owner) => {
      const { Item } = await dynamodb.send(new GetItemCommand({ TableName: settings.table, Key: key(owner) }));
      return Item?.text.S;
    };
    const own = value("identity");
    const Item = { ...key(own), text: { S: "mine alone" } };
    await dynamodb.send(new PutItemCommand({ TableName: settings.table, Item }));
    return `${await get(own)}; ${await get(settings.stranger).catch((error) => error.name)}`;
  },
};

for (const [name, action] of Object.entries(actions)) {
  document.getElementById(name).addEventListener("click", async () => {
    const output = document.getElementById(`${name}-says`);
    output.textContent = await action().then(String, (error) => `failed: ${error.name}: ${error.message}`);
  });
}
