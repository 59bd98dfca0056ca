// Plays page.mjs in headless Chromium: browser.mjs ORIGIN '[["action", {…}], …]'; prints what each action gave.
// The packaged Chromium is for x86_64; elsewhere CHROMIUM is the path of another, such as Debian's.
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import * as esbuild from "esbuild";
import { chromium } from "playwright-core";

// That it runs on Lambda makes the package unpack the libraries that a bare machine lacks; nothing else asks.
process.env.AWS_EXECUTION_ENV = "AWS_Lambda_nodejs20.x";
const { default: packaged } = await import("@sparticuz/chromium");

const [origin, actions] = process.argv.slice(2);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const bundled = await esbuild.build({
  entryPoints: [here("page.mjs")],
  bundle: true,
  format: "iife",
  platform: "browser",
  define: { global: "globalThis" },
  // The examples lie elsewhere, and import what an application has installed.
  nodePaths: [here("node_modules")],
  write: false,
  logLevel: "error",
});
const server = createServer((request, response) => {
  const isScript = request.url === "/page.js";
  response.setHeader("content-type", isScript ? "text/javascript" : "text/html");
  const html = "<!doctype html><title>An application</title><script src=/page.js></script>";
  response.end(isScript ? bundled.outputFiles[0].text : html);
});
await new Promise((listening) => server.listen(Number(new URL(origin).port), "127.0.0.1", listening));

// What the package recommends for Lambda turns the same-origin policy off, by which a page is to ask.
const insecure = ["--disable-web-security", "--allow-running-insecure-content", "--disable-site-isolation-trials"];
const args = packaged.args.filter((argument) => !insecure.includes(argument));
const executablePath = process.env.CHROMIUM ?? (await packaged.executablePath());
// The package unpacks its fonts into the temporary folder, and looks for them in /tmp.
const fonts = `${tmpdir()}/fonts`;
await mkdir(fonts, { recursive: true });
await writeFile(`${fonts}/fonts.conf`, `<fontconfig><dir>${fonts}</dir><cachedir>${fonts}</cachedir></fontconfig>`);
const browser = await chromium.launch({ executablePath, args });
try {
  const page = await browser.newPage();
  await page.goto(origin);
  const play = (action) => page.evaluate(([name, it]) => globalThis.play[name](it), action);
  const told = JSON.parse(actions).map(play);
  console.log(JSON.stringify(await Promise.all(told)));
} finally {
  await browser.close();
  server.close();
  server.closeAllConnections();
}
