/** The sample's service: each generation that the agent's call has it read is told in a line. */

import { createServer, type RequestListener } from "node:http";
import { env } from "node:process";

import { Service } from "./service.js";
import { load } from "./settings.js";

const first = load({ directory: env["CONFIG_DIR"] });
const service = new Service(first);

const told: RequestListener = (request, response) => {
  const end = response.end.bind(response);
  response.end = ((answer: string) => {
    if (response.statusCode === 200) {
      const { apiKey, greeting } = service.settings;
      console.log(JSON.stringify({ digest: answer, API_KEY: apiKey.expose(), GREETING: greeting }));
    }
    return end(answer);
  }) as typeof response.end;
  service.agentRoutes(request, response);
};

createServer(told).listen(first.agentPort, "127.0.0.1");
