package com.example.javaapp;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import java.io.ByteArrayOutputStream;
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
            ByteArrayOutputStream answer = copyOfAnswer(exchange);
            reload.handle(exchange);
            if (exchange.getResponseCode() == 200) {
                Settings settings = service.settings();
                System.out.printf(
                    "{\"digest\":\"%s\",\"API_KEY\":\"%s\",\"GREETING\":\"%s\"}%n",
                    answer.toString(StandardCharsets.UTF_8), settings.apiKey().expose(), settings.greeting());
                System.out.flush();
            }
        });
    }

    private static ByteArrayOutputStream copyOfAnswer(HttpExchange exchange) {
        ByteArrayOutputStream copy = new ByteArrayOutputStream();
        OutputStream body = exchange.getResponseBody();
        exchange.setStreams(null, new FilterOutputStream(body) {
            @Override
            public void write(byte[] bytes, int from, int length) throws IOException {
                copy.write(bytes, from, length);
                body.write(bytes, from, length);
            }
        });
        return copy;
    }
}
