// Reads cases from standard input, one a line, and prints the answer of each reader.

import assert from "node:assert";
import { createInterface } from "node:readline";
import { inspect } from "node:util";

function printed(value) {
  if (value === undefined) {
    return null;
  }
  if (Array.isArray(value)) {
    return value.map(printed);
  }
  if (typeof value === "object") {
    const shown = `${value} ${JSON.stringify(value)} ${inspect(value)} ${inspect({ value }, { depth: 9 })}`;
    assert(value.expose().length < 2 || !shown.includes(value.expose()), "a secret is shown");
    return value.expose();
  }
  return String(value);
}

async function answer({ contract, environment, directory }) {
  const reader = await import(`./c${contract}.js`);
  try {
    const settings = reader.load({ environment, directory: directory ?? undefined });
    return { ok: true, values: Object.values(settings).map(printed) };
  } catch (error) {
    if (!(error instanceof reader.ConfigError)) {
      throw error;
    }
    assert.equal(error.message, error.problems.join("\n"));
    return { ok: false, problems: error.problems };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  console.log(JSON.stringify(await answer(JSON.parse(line))));
}
