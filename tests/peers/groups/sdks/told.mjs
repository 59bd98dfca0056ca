// What the SDK's own providers say of a refusal, where its default chain says nothing: told.mjs
import { fromHttp, fromProcess } from "@aws-sdk/credential-providers";

const provider = process.env.AWS_PROFILE ? fromProcess({ profile: process.env.AWS_PROFILE }) : fromHttp();
console.log(JSON.stringify(await provider().then(() => "", (error) => `${error.name}: ${error.message}`)));
