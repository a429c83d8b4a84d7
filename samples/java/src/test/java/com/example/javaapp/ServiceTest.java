package com.example.javaapp;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;

/** The service's tests, by Java alone: {@code main} prints each that has passed, and ends with the first that fails. */
final class ServiceTest {
    private static final String FIRST = "canary-first-of-16";
    private static final String SECOND = "canary-second-of-16";

    private final HttpClient client = HttpClient.newHttpClient();
    private final Path folder;
    private final HttpServer clients;
    private final HttpServer agent;

    private ServiceTest() throws IOException {
        folder = Files.createTempDirectory("javaapp-");
        swap(1, Map.of("API_KEY", FIRST));
        Service service = new Service(folder.resolve("current"), Map.of());
        InetSocketAddress anywhere = new InetSocketAddress(InetAddress.getLoopbackAddress(), 0);
        clients = Main.serve(anywhere, service.routes());
        agent = Main.serve(anywhere, service.agentRoutes());
    }

    public static void main(String[] arguments) throws Exception {
        ServiceTest test = new ServiceTest();
        test.keyOpensTheGreetingAndNoOtherDoes();
        test.refusedReloadChangesNothingAndRepeatsNoSecret();
        test.reloadAcknowledgesByTheDigestAndReplacesTheKey();
        test.callOfTheAgentIsNoRouteOfClients();
        allProblemsComeAtOnce();
        // Threads of the servers do not end by themselves.
        System.exit(0);
    }

    private void keyOpensTheGreetingAndNoOtherDoes() throws Exception {
        equal("200 hello\n", get(FIRST));
        equal("401 the header x-api-key has no valid key\n", get(SECOND));
        passed("keyOpensTheGreetingAndNoOtherDoes");
    }

    private void refusedReloadChangesNothingAndRepeatsNoSecret() throws Exception {
        swap(2, Map.of("API_KEY", "canary-short"));
        equal("422 API_KEY: must have 16 to 200 characters, has 12", reload(agent));
        equal("200 hello\n", get(FIRST));
        passed("refusedReloadChangesNothingAndRepeatsNoSecret");
    }

    private void reloadAcknowledgesByTheDigestAndReplacesTheKey() throws Exception {
        swap(3, Map.of("API_KEY", SECOND, "GREETING", "welcome"));
        equal("200 digest 3", reload(agent));
        equal("200 welcome\n", get(SECOND));
        equal("401 the header x-api-key has no valid key\n", get(FIRST));
        passed("reloadAcknowledgesByTheDigestAndReplacesTheKey");
    }

    private void callOfTheAgentIsNoRouteOfClients() throws Exception {
        equal("404 there is no such route\n", reload(clients));
        passed("callOfTheAgentIsNoRouteOfClients");
    }

    private static void allProblemsComeAtOnce() {
        try {
            Settings.load(null, Map.of("PORT", "0"));
            throw new AssertionError("a wrong configuration was taken");
        } catch (Settings.ConfigException refused) {
            equal(
                List.of("API_KEY: is required and not given", "PORT: must be a whole number from 1 to 65535"),
                refused.problems());
        }
        passed("allProblemsComeAtOnce");
    }

    /** Swaps a generation in, as the agent does. */
    private void swap(int number, Map<String, String> texts) throws IOException {
        Path generation = Files.createDirectory(folder.resolve("generation-" + number));
        Files.writeString(generation.resolve("digest"), "digest " + number);
        for (Map.Entry<String, String> text : texts.entrySet()) {
            Files.writeString(generation.resolve(text.getKey()), text.getValue());
        }
        Path beside = Files.createSymbolicLink(folder.resolve("beside"), generation.getFileName());
        Files.move(beside, folder.resolve("current"), StandardCopyOption.ATOMIC_MOVE);
    }

    private String get(String key) throws Exception {
        return send(clients, "/", HttpRequest.newBuilder().header("x-api-key", key));
    }

    private String reload(HttpServer server) throws Exception {
        return send(server, "/internal/reload", HttpRequest.newBuilder().POST(BodyPublishers.ofString("{}")));
    }

    /** Status and body of the answer. */
    private String send(HttpServer server, String path, HttpRequest.Builder request) throws Exception {
        URI uri = URI.create("http://127.0.0.1:" + server.getAddress().getPort() + path);
        HttpResponse<String> response = client.send(request.uri(uri).build(), BodyHandlers.ofString());
        return response.statusCode() + " " + response.body();
    }

    private static void equal(Object expected, Object seen) {
        if (!expected.equals(seen)) {
            throw new AssertionError("expected " + expected + ", seen " + seen);
        }
    }

    private static void passed(String name) {
        System.out.println("passed " + name);
    }
}
