// A person at a page, in headless Chromium: the page is served at its origin, bundled as an application's is.
// The packaged Chromium is for x86_64; elsewhere CHROMIUM is the path of another, such as Debian's.
// browser.mjs '{"origin", "endpoint", "vendor", "poolId", "clientId", "table", "stranger", "mail", "email", "password"}'
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { chromium } from "playwright-core";

// That it runs on Lambda makes the package unpack the libraries that a bare machine lacks; nothing else asks.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
const { default: packaged } = await import("@sparticuz/chromium");

const settings = JSON.parse(process.argv[2]);
const { origin, mail, email, password, ...forThePage } = settings;
const actions = ["signUp", "confirm", "signIn", "exchange", "rows"];
const inputs = ["email", "password", "code", "identity"].map((id) => `<input id="${id}" aria-label="${id}">`);
const buttons = actions.map((id) => `<button id="${id}">${id}</button><output id="${id}-says"></output>`);
const html = `<!doctype html><title>An application</title>${inputs.join("")}${buttons.join("")}
<script>SETTINGS = ${JSON.stringify(forThePage)}</script><script src="/page.js"></script>`;

const bundled = await esbuild.build({
  entryPoints: [fileURLToPath(new URL("page.mjs", import.meta.url))],
  bundle: true,
  format: "iife",
  platform: "browser",
  define: { global: "globalThis" },
  write: false,
  logLevel: "error",
});
const server = createServer((request, response) => {
  const isScript = request.url === "/page.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  response.end(isScript ? bundled.outputFiles[0].text : html);
});
await new Promise((listening) => server.listen(Number(new URL(origin).port), "127.0.0.1", listening));

// What the package recommends for Lambda turns the same-origin policy off, which is what is to be seen here.
const insecure = ["--disable-web-security", "--allow-running-insecure-content", "--disable-site-isolation-trials"];
const args = packaged.args.filter((argument) => !insecure.includes(argument));
const executablePath = process.env.CHROMIUM ?? (await packaged.executablePath());
// The package unpacks its fonts into the temporary folder, and looks for them in /tmp.
const fonts = `${tmpdir()}/fonts`;
await mkdir(fonts, { recursive: true });
await writeFile(`${fonts}/fonts.conf`, `<fontconfig><dir>${fonts}</dir><cachedir>${fonts}</cachedir></fontconfig>`);
const browser = await chromium.launch({ executablePath, args });

// What the page says once a button has been pressed.
async function press(page, button) {
  await page.click(`#${button}`);
  const says = page.locator(`#${button}-says`);
  await page.waitForFunction((id) => document.getElementById(id).textContent, `${button}-says`);
  return says.textContent();
}

// The code in the last message to the person.
async function code() {
  for (;;) {
    const messages = (await readFile(mail, "utf8")).split("\n").filter((line) => line.startsWith(`to ${email} (`));
    if (messages.length) return messages.at(-1).split(": ").at(-1);
    await new Promise((later) => setTimeout(later, 20));
  }
}

try {
  const page = await browser.newPage();
  const preflights = [];
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  session.on("Network.requestWillBeSent", ({ request }) => {
    if (request.method === "OPTIONS") preflights.push(new URL(request.url).origin);
  });
  await page.goto(origin);
  await page.fill("#email", email);
  await page.fill("#password", password);
  const told = { signUp: await press(page, "signUp") };
  await page.fill("#code", await code());
  for (const action of actions.slice(1)) told[action] = await press(page, action);
  told.preflights = [...new Set(preflights)].sort();

  // The same page under another name is another origin, which the vendor's API does not admit.
  const elsewhere = await browser.newPage();
  await elsewhere.goto(origin.replace("127.0.0.1", "localhost"));
  await elsewhere.fill("#email", email);
  await elsewhere.fill("#password", password);
  told.elsewhere = { signIn: await press(elsewhere, "signIn"), rows: await press(elsewhere, "rows") };
  console.log(JSON.stringify(told));
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
