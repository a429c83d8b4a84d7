import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { Service } from "./service.js";
import { ConfigError, load } from "./settings.js";

const FIRST = "canary-first-of-16";
const SECOND = "canary-second-of-16";

/** A folder with these settings, which ends with the test. */
function generation(context: TestContext, texts: Record<string, string>): string {
  const folder = mkdtempSync(join(tmpdir(), "nodeapp-"));
  context.after(() => rmSync(folder, { recursive: true }));
  for (const [key, text] of Object.entries(texts)) {
    writeFileSync(join(folder, key), text);
  }
  return folder;
}

/** The address of a server that ends with the test. */
async function serve(context: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  context.after(() => server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A service with FIRST as its key, and its two addresses. */
async function start(context: TestContext) {
  const directory = generation(context, { API_KEY: FIRST });
  const service = new Service(load({ directory, environment: {} }));
  return { clients: await serve(context, service.routes), agent: await serve(context, service.agentRoutes) };
}

async function ask(address: string, key: string): Promise<[number, string]> {
  const response = await fetch(`${address}/`, { headers: { "x-api-key": key } });
  return [response.status, await response.text()];
}

async function reload(address: string, body: string): Promise<[number, string]> {
  const response = await fetch(`${address}/internal/reload`, { method: "POST", body });
  return [response.status, await response.text()];
}

test("a key opens the greeting and no other does", async (context) => {
  const { clients } = await start(context);
  assert.deepEqual(await ask(clients, FIRST), [200, '{"greeting":"hello"}\n']);
  assert.equal((await ask(clients, SECOND))[0], 401);
  assert.equal((await fetch(`${clients}/`)).status, 401);
});

test("a reload acknowledges by the digest and replaces the key", async (context) => {
  const { clients, agent } = await start(context);
  const directory = generation(context, { API_KEY: SECOND, GREETING: "welcome" });
  assert.deepEqual(await reload(agent, JSON.stringify({ directory, digest: "d1", changed: [] })), [200, "d1"]);
  assert.deepEqual(await ask(clients, SECOND), [200, '{"greeting":"welcome"}\n']);
  assert.equal((await ask(clients, FIRST))[0], 401);
});

test("a refused reload changes nothing and repeats no secret", async (context) => {
  const { clients, agent } = await start(context);
  const directory = generation(context, { API_KEY: "canary-short" });
  const [status, reason] = await reload(agent, JSON.stringify({ directory, digest: "d1" }));
  assert.deepEqual([status, reason], [422, "API_KEY: must have 16 to 200 characters, has 12"]);
  assert.equal((await reload(agent, "no JSON"))[0], 400);
  assert.equal((await reload(agent, "null"))[0], 400);
  assert.equal((await ask(clients, FIRST))[0], 200);
});

test("the agent's call is no route of clients", async (context) => {
  const { clients } = await start(context);
  assert.equal((await reload(clients, "{}"))[0], 404);
});

test("all problems come at once", () => {
  const problems = ["API_KEY: is required and not given", "PORT: must be a whole number from 1 to 65535"];
  assert.throws(
    () => load({ environment: { PORT: "0" } }),
    (error) => error instanceof ConfigError && assert.deepEqual(error.problems, problems) === undefined,
  );
});
