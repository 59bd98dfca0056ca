// Writes a note into one's own row, and reads it, with whatever credentials the SDK finds: rows.mjs TABLE IDENTITY_ID
import { DynamoDBClient, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";

const [TableName, identityId] = process.argv.slice(2);
const dynamodb = new DynamoDBClient();
const Key = { owner: { S: identityId }, item: { S: "note" } };
await dynamodb.send(new PutItemCommand({ TableName, Item: { ...Key, text: { S: "from JavaScript" } } }));
const { Item } = await dynamodb.send(new GetItemCommand({ TableName, Key }));
console.log(Item.text.S);
