// Puts the matrix of tests/isolation to @cloud-copilot/iam-simulate, an IAM evaluator that nobody here
// wrote. It is AGPL: it runs here, in a process of its own, in CI; nothing of it is linked or shipped.
//
// usage: node run.mjs MATRIX.json green|red   (what tests/isolation came to, which wrote the matrix)
//
// Every cell must come out as the matrix says. Every mutant, a role with one condition, prefix,
// resource, action or principal dropped or widened, must turn the cells that it turns for the evaluator
// in Rust, and leave a sample of the others as they were: another sample for each mutant, so that every
// cell is in many.

import { readFile } from "node:fs/promises";
import process from "node:process";

import { runSimulation } from "@cloud-copilot/iam-simulate";

const COGNITO_KEY = /cognito-identity\.amazonaws\.com:(aud|amr|sub)/g;
const METHODS = "cognito-identity.amazonaws.com:amr";
const BY_TOKEN = "sts:AssumeRoleWithWebIdentity";

// A web identity has no account and no policies of its own: the trust policy alone decides. The tool takes
// providers other than AWS's for principals of another account, which would need both.
const ANYTHING = { Version: "2012-10-17", Statement: [{ Effect: "Allow", Action: "*", Resource: "*" }] };

// The tool drops condition keys that the Service Authorization Reference does not list for an action.
// It lists those of a web identity for one action only. In a session of a web identity AWS knows `sub`
// in every request, and in sts:TagSession, judged beside that action, every key of the token. So these
// go by another name, in policies and requests alike.
function renamed(cell, value) {
  if (cell.trust && cell.action === BY_TOKEN) return value;
  const prefix = cell.trust ? "aws:RequestTag/__cognito_" : "aws:PrincipalTag/__cognito_";
  return JSON.parse(JSON.stringify(value).replace(COGNITO_KEY, prefix + "$1"));
}

// The tool looks at the first value of `amr` only. Where `amr` stands under ForAnyValue, in statements
// that allow, asking for each value alone and taking any yes is the same; elsewhere it is not.
function checkMethods(trust) {
  for (const statement of trust.Statement) {
    for (const [operator, keys] of Object.entries(statement.Condition ?? {})) {
      if (METHODS in keys && !(statement.Effect === "Allow" && operator.startsWith("ForAnyValue:"))) {
        throw new Error(`amr under ${operator} in a statement that says ${statement.Effect}`);
      }
    }
  }
}

function contexts(cell) {
  const methods = cell.context[METHODS] ?? [];
  if (!cell.trust || methods.length < 2) return [cell.context];
  checkMethods(cell.documents.trust);
  return methods.map((method) => ({ ...cell.context, [METHODS]: [method] }));
}

async function isAllowed(cell) {
  const { trust, policies } = cell.documents;
  for (const context of contexts(cell)) {
    const simulation = {
      request: {
        principal: cell.trust ? Object.values(cell.trust)[0] : cell.session,
        action: cell.action,
        // Always this account: the role's policies alone decide, and no other account's do.
        resource: { resource: cell.resource, accountId: cell.account },
        contextVariables: single(renamed(cell, context)),
      },
      identityPolicies: named(cell.trust ? [ANYTHING] : renamed(cell, policies)),
      resourcePolicy: cell.trust ? renamed(cell, trust) : (cell.resource_policy ?? undefined),
      sessionPolicy: cell.session_policy ?? undefined,
      serviceControlPolicies: [],
      resourceControlPolicies: [],
    };
    const answer = await runSimulation(simulation, { simulationMode: "Strict" });
    if (answer.resultType !== "single") {
      throw new Error(`not judged: ${JSON.stringify(answer.errors ?? answer.resultType)}`);
    }
    const ignored = answer.result.ignoredContextKeys;
    if (ignored.length > 0) throw new Error(`ignored: ${ignored.join(", ")}`);
    if (answer.overallResult === "Allowed") return true;
  }
  return false;
}

const named = (policies) => policies.map((policy, index) => ({ name: `policy ${index}`, policy }));

/** One value by itself, as the tool wants keys that are no lists; it makes lists of those that are. */
function single(context) {
  const entries = Object.entries(context);
  return Object.fromEntries(entries.map(([key, values]) => [key, values.length === 1 ? values[0] : values]));
}

/** Of a mutant's other cells, how many it is tried on. */
const SAMPLE = 5;

/** SAMPLE of `cells`, evenly spread, beginning elsewhere for each `turn`. */
function sample(cells, turn) {
  const step = Math.max(1, Math.floor(cells.length / SAMPLE));
  return cells.filter((_, index) => index % step === turn % step);
}

const matrix = JSON.parse(await readFile(process.argv[2], "utf8"));
const count = { passed: 0, failed: 0 };
const failures = [];

function settle(passed, why) {
  count[passed ? "passed" : "failed"] += 1;
  if (!passed) failures.push(why);
}

function withRole(cell, documents) {
  const { arn } = matrix.roles[cell.role];
  const session = `${arn.replace(":iam:", ":sts:").replace(":role/", ":assumed-role/")}/session`;
  return { ...cell, documents, session, account: matrix.account };
}

const rows = new Map(Object.keys(matrix.roles).map((role) => [role, { allowed: 0, refused: 0, mutants: 0 }]));
for (const cell of matrix.cells) {
  try {
    const allowed = await isAllowed(withRole(cell, matrix.roles[cell.role].documents));
    rows.get(cell.role)[allowed ? "allowed" : "refused"] += 1;
    settle(allowed === cell.allowed, `${cell.name}: ${allowed ? "allowed" : "refused"}`);
  } catch (error) {
    settle(false, `${cell.name}: ${error.message}`);
  }
}
settle(process.argv[3] === "green", "tests/isolation is red");

console.log("Mutations, and the cells that catch them:");
for (const [turn, mutant] of matrix.mutants.entries()) {
  const caught = [];
  let trouble;
  const there = new Set(mutant.caught_by);
  const cells = matrix.cells.filter((cell) => cell.role === mutant.role);
  const others = cells.filter((cell) => !there.has(cell.name));
  for (const cell of [...cells.filter((cell) => there.has(cell.name)), ...sample(others, turn)]) {
    try {
      if ((await isAllowed(withRole(cell, mutant.documents))) !== cell.allowed) caught.push(cell.name);
    } catch (error) {
      trouble ??= `${cell.name}: ${error.message}`;
    }
  }
  const here = new Set(caught);
  const apart = [...caught.filter((name) => !there.has(name)), ...mutant.caught_by.filter((name) => !here.has(name))];
  const agreed = apart.length === 0 && caught.length > 0 && !trouble;
  const why = trouble ?? (caught.length === 0 ? "not caught" : `the evaluators differ on ${apart.slice(0, 3).join("; ")}`);
  rows.get(mutant.role).mutants += agreed ? 1 : 0;
  settle(agreed, `${mutant.name}: ${why}`);
  const more = caught.length > 1 ? ` and ${caught.length - 1} more` : "";
  console.log(`  ${mutant.name}\n    ${caught.length > 0 ? caught[0] + more : "NOT CAUGHT"}`);
}

console.log(`\n${"role".padEnd(26)} allowed refused mutations caught`);
for (const [role, { allowed, refused, mutants }] of rows) {
  const numbers = [String(allowed).padStart(7), String(refused).padStart(7), String(mutants).padStart(16)];
  console.log(`${role.padEnd(26)} ${numbers.join(" ")}`);
}
console.log(`${matrix.cells.length} cells, ${matrix.mutants.length} mutations, judged by two evaluators`);
for (const failure of failures) console.log(`FAIL  ${failure}`);
console.log(`${count.passed} passed, ${count.failed} failed`);
process.exitCode = count.failed === 0 && count.passed > 0 ? 0 : 1;
