// A program of somebody who knows the AWS SDK for JavaScript and nothing of Poolkeeper: no credentials in sight.
// vended.mjs TABLE OWN STRANGER
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";

const [table, own, stranger] = process.argv.slice(2);
const key = (owner) => ({ owner: { S: owner }, item: { S: "from-js" } });
const dynamodb = new DynamoDBClient();
const { Arn } = await new STSClient().send(new GetCallerIdentityCommand());
await dynamodb.send(new PutItemCommand({ TableName: table, Item: key(own) }));
const { Item } = await dynamodb.send(new GetItemCommand({ TableName: table, Key: key(own) }));
const refused = await dynamodb
  .send(new GetItemCommand({ TableName: table, Key: key(stranger) }))
  .then(() => "", (error) => error.name);
console.log(JSON.stringify({ arn: Arn, own: Item, stranger: refused }));
