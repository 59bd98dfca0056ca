// An application in a page: the examples for browsers, as it would bundle them.
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { Amplify } from "aws-amplify";
import { fetchAuthSession } from "aws-amplify/auth";
import { configure } from "../../../../examples/sdks/amplify.mjs";
import { exchange, vendedCredentials, webIdentityCredentials } from "../../../../examples/sdks/browser.mjs";

const clientConfig = (endpoint) => ({ endpoint, region: "us-east-1" });

// The own row written and read, and a stranger's read.
async function rows({ endpoint, table, own, stranger }, credentials) {
  const dynamodb = new DynamoDBClient({ ...clientConfig(endpoint), credentials });
  const key = (owner) => ({ owner: { S: owner }, item: { S: "note" } });
  const get = async (owner) => {
    const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: key(owner) }));
    return Item?.text.S;
  };
  try {
    await dynamodb.send(new PutItemCommand({ TableName: table, Item: { ...key(own), text: { S: "from a page" } } }));
    return { own: await get(own), stranger: await get(stranger).catch((error) => error.name) };
  } catch (error) {
    return { failed: `${error.name}: ${error.message}` };
  }
}

globalThis.play = {
  container: (it) => rows(it, vendedCredentials(it.vendor, async () => it.jwt)),
  webIdentity: (it) =>
    rows(it, webIdentityCredentials(it.vendor, async () => it.jwt, it.role, clientConfig(it.sts))),
  async amplify(it) {
    configure(Amplify.getConfig(), it.vendor, async () => it.jwt);
    const { credentials, identityId } = await fetchAuthSession();
    return { identityId, ...(await rows({ ...it, own: identityId }, credentials)) };
  },
  exchange: (it) => exchange(it.vendor, async () => it.jwt).catch((error) => ({ failed: error.message })),
};
