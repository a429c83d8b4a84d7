/** The routes, over the settings in force, and the call by which the agent replaces them. */

import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage, RequestListener, ServerResponse } from "node:http";

import { ConfigError, load, type Secret, type Settings } from "./settings.js";

/** More than the agent ever sends. */
const MAX_NOTICE = 1 << 20;

/** What the agent says of a generation. */
interface Notice {
  readonly directory: string;
  readonly digest: string;
}

/** The state of the process. */
export class Service {
  #settings: Settings;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** The settings in force. */
  get settings(): Settings {
    return this.#settings;
  }

  /** What clients may ask for. A request keeps the settings that it began with. */
  readonly routes: RequestListener = (request, response) => {
    const settings = this.#settings;
    switch (`${request.method} ${request.url}`) {
      case "GET /healthz":
        return answer(response, 200, { status: "ok" });
      case "GET /":
        return shows(request, settings.apiKey)
          ? answer(response, 200, { greeting: settings.greeting })
          : answer(response, 401, { error: "the header x-api-key has no valid key" });
      default:
        return answer(response, 404, { error: "there is no such route" });
    }
  };

  /** What the agent may ask for. */
  readonly agentRoutes: RequestListener = (request, response) => {
    if (request.method !== "POST" || request.url !== "/internal/reload") {
      return answer(response, 404, { error: "there is no such route" });
    }
    void this.#reload(request, response);
  };

  /** Puts a generation into force, and acknowledges it by its digest; or changes nothing. */
  async #reload(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const notice = await read(request);
      this.#settings = load({ directory: notice.directory });
      response.end(notice.digest);
    } catch (error) {
      response.statusCode = error instanceof ConfigError ? 422 : 400;
      response.end(error instanceof Error ? error.message : "refused");
    }
  }
}

async function read(request: IncomingMessage): Promise<Notice> {
  let text = "";
  request.setEncoding("utf8");
  for await (const part of request) {
    text += part;
    if (text.length > MAX_NOTICE) {
      throw new Error("the call is too long");
    }
  }
  const notice: unknown = JSON.parse(text);
  const has = (key: string) => typeof (notice as Record<string, unknown> | null)?.[key] === "string";
  if (!has("directory") || !has("digest")) {
    throw new Error("the call is not one of the agent");
  }
  return notice as Notice;
}

/** Whether the request shows the key. Takes as long for any wrong one. */
function shows(request: IncomingMessage, key: Secret): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  const shown = request.headers["x-api-key"];
  return typeof shown === "string" && timingSafeEqual(digest(shown), digest(key.expose()));
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}
