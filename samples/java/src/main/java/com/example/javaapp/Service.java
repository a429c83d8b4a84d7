package com.example.javaapp;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/** The routes, over the settings in force, and the call by which the agent replaces them. */
final class Service {
    private final Path directory;
    private final Map<String, String> environment;
    private volatile Settings settings;

    /** Loads the settings of {@code directory}, below which the agent swaps generations in. */
    Service(Path directory, Map<String, String> environment) {
        this.directory = directory;
        this.environment = environment;
        settings = Settings.load(directory, environment);
    }

    Settings settings() {
        return settings;
    }

    /** What clients may ask for. A request keeps the settings that it began with. */
    HttpHandler routes() {
        return exchange -> {
            Settings present = settings;
            switch (exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath()) {
                case "GET /healthz" -> answer(exchange, 200, "ok\n");
                case "GET /" -> {
                    if (shows(exchange, present.apiKey())) {
                        answer(exchange, 200, present.greeting() + "\n");
                    } else {
                        answer(exchange, 401, "the header x-api-key has no valid key\n");
                    }
                }
                default -> answer(exchange, 404, "there is no such route\n");
            }
        };
    }

    /** What the agent may ask for. */
    HttpHandler agentRoutes() {
        return exchange -> {
            if ((exchange.getRequestMethod() + " " + exchange.getRequestURI().getPath()).equals("POST /internal/reload")) {
                reload(exchange);
            } else {
                answer(exchange, 404, "there is no such route\n");
            }
        };
    }

    /**
     * Puts the present generation into force, and acknowledges it by its digest; or changes nothing. The agent's words are not
     * needed: a generation that is swapped in meanwhile has another digest, which the agent does not take for this one.
     */
    private void reload(HttpExchange exchange) throws IOException {
        try {
            // All files of one generation.
            Path generation = directory.toRealPath();
            Settings next = Settings.load(generation, environment);
            String digest = Files.readString(generation.resolve("digest"));
            settings = next;
            answer(exchange, 200, digest);
        } catch (Settings.ConfigException refused) {
            answer(exchange, 422, refused.getMessage());
        } catch (IOException gone) {
            answer(exchange, 503, "the generation cannot be read\n");
        }
    }

    /** True if the request shows the key. Secrets are compared in constant time. */
    private static boolean shows(HttpExchange exchange, Settings.Secret key) {
        String shown = exchange.getRequestHeaders().getFirst("x-api-key");
        return shown != null && key.equals(new Settings.Secret(shown));
    }

    private static void answer(HttpExchange exchange, int status, String text) throws IOException {
        try (exchange) {
            byte[] body = text.getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().set("content-type", "text/plain; charset=utf-8");
            exchange.getResponseHeaders().set("cache-control", "no-store");
            exchange.sendResponseHeaders(status, body.length);
            exchange.getResponseBody().write(body);
        }
    }
}
