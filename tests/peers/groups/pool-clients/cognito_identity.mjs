// amazon-cognito-identity-js, told the endpoint and nothing more: it signs in by SRP. One step a run.
// cognito_identity.mjs '{"step", "endpoint", "poolId", "clientId", "email", "password", …}'
import { AuthenticationDetails, CognitoUser, CognitoUserPool } from "amazon-cognito-identity-js";

const { step, endpoint, poolId, clientId, email, password, code } = JSON.parse(process.argv[2]);
const pool = new CognitoUserPool({ UserPoolId: poolId, ClientId: clientId, endpoint });
const user = new CognitoUser({ Username: email, Pool: pool });

// A method that takes a callback as Node's do, as a promise.
const asked = (object, method, ...words) =>
  new Promise((resolve, reject) =>
    object[method](...words, (error, answer) => (error ? reject(error) : resolve(answer))),
  );
const signedIn = (secret) =>
  new Promise((onSuccess, onFailure) =>
    user.authenticateUser(new AuthenticationDetails({ Username: email, Password: secret }), { onSuccess, onFailure }),
  );

const steps = {
  async signUp() {
    const { userConfirmed } = await asked(pool, "signUp", email, password, [], null);
    return { userConfirmed };
  },
  async use() {
    await asked(user, "confirmRegistration", code, true);
    const refused = await signedIn("Wrong-horse-1").then(() => "", (error) => error.code);
    const session = await signedIn(password);
    const attributes = await asked(user, "getUserAttributes");
    const renewed = await asked(user, "refreshSession", session.getRefreshToken());
    await asked(user, "changePassword", password, "Another-horse-2");
    await signedIn("Another-horse-2");
    await asked(user, "deleteUser");
    return {
      refused,
      email: attributes.find((attribute) => attribute.getName() === "email").getValue(),
      use: session.getIdToken().decodePayload().token_use,
      renewed: renewed.getAccessToken().getJwtToken() !== session.getAccessToken().getJwtToken(),
      gone: await signedIn("Another-horse-2").then(() => "", (error) => error.code),
    };
  },
};
console.log(JSON.stringify(await steps[step]()));
