/** The process: settings, listeners, and a stop that lets requests end. */

import { createServer } from "node:http";
import { env, exit } from "node:process";

import { Service } from "./service.js";
import { ConfigError, load, type Settings } from "./settings.js";

function settings(): Settings {
  try {
    return load({ directory: env["CONFIG_DIR"] });
  } catch (error) {
    if (!(error instanceof ConfigError)) {
      throw error;
    }
    console.error(error.message);
    exit(64);
  }
}

const values = settings();
const service = new Service(values);
const servers = [
  createServer(service.routes).listen(values.port),
  // Nobody but the agent, which is in the same pod, may tell the service what to read.
  createServer(service.agentRoutes).listen(values.agentPort, "127.0.0.1"),
];
for (const signal of ["SIGTERM", "SIGINT"]) {
  process.once(signal, () => {
    for (const server of servers) {
      server.close();
      server.closeIdleConnections();
    }
  });
}
