package com.example.javaapp;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;

/** The sample's service: each generation that the agent's call has it read is told in a line. */
final class Tell {
    private Tell() {
    }

    public static void main(String[] arguments) throws IOException {
        Service service = new Service(Path.of(System.getenv("CONFIG_DIR")), Map.of());
        HttpHandler reload = service.agentRoutes();
        InetAddress loopback = InetAddress.getLoopbackAddress();
        Main.serve(new InetSocketAddress(loopback, service.settings().agentPort()), exchange -> {
            tellBeforeAnswer(exchange, service);
            reload.handle(exchange);
        });
    }

    /** Before the agent has the answer: afterwards another call may have replaced the settings. */
    private static void tellBeforeAnswer(HttpExchange exchange, Service service) {
        OutputStream body = exchange.getResponseBody();
        exchange.setStreams(null, new FilterOutputStream(body) {
            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                if (exchange.getResponseCode() == 200) {
                    tell(new String(bytes, from, length, StandardCharsets.UTF_8), service.settings());
                }
                body.write(bytes, from, length);
            }
        });
    }

    private static void tell(String digest, Settings settings) {
        System.out.printf(
            "{\"digest\":\"%s\",\"API_KEY\":\"%s\",\"GREETING\":\"%s\"}%n",
            digest, settings.apiKey().expose(), settings.greeting());
        System.out.flush();
    }
}
