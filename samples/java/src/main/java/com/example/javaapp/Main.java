package com.example.javaapp;

import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Path;
import java.util.concurrent.Executors;

/** The process: settings, listeners, and a stop that lets requests end. */
final class Main {
    private static final int REFUSED = 64;
    private static final int DRAIN_SECONDS = 5;

    private Main() {
    }

    public static void main(String[] arguments) throws IOException {
        String directory = System.getenv("CONFIG_DIR");
        Service service;
        try {
            service = new Service(directory == null ? null : Path.of(directory), System.getenv());
        } catch (Settings.ConfigException refused) {
            System.err.println(refused.getMessage());
            System.exit(REFUSED);
            return;
        }
        Settings settings = service.settings();
        HttpServer clients = serve(new InetSocketAddress(settings.port()), service.routes());
        // Nobody but the agent, which is in the same pod, may tell the service to read again.
        serve(new InetSocketAddress(InetAddress.getLoopbackAddress(), settings.agentPort()), service.agentRoutes());
        Runtime.getRuntime().addShutdownHook(new Thread(() -> clients.stop(DRAIN_SECONDS)));
    }

    static HttpServer serve(InetSocketAddress address, HttpHandler handler) throws IOException {
        HttpServer server = HttpServer.create(address, 0);
        server.createContext("/", handler);
        server.setExecutor(Executors.newFixedThreadPool(8));
        server.start();
        return server;
    }
}
