import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.RecordComponent;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** Reads cases from standard input, one a line, and prints the answer of each reader. */
final class Driver {
    private Driver() {}

    /**
     * Reads to the end of the input.
     *
     * @param arguments none
     * @throws IOException if the input cannot be read
     * @throws ReflectiveOperationException if a reader is not as expected
     */
    public static void main(String[] arguments) throws IOException, ReflectiveOperationException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        PrintStream output = new PrintStream(System.out, false, StandardCharsets.UTF_8);
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            output.println(answer(new Json(line).object()));
        }
        output.flush();
    }

    private static String answer(Map<String, Object> given) throws ReflectiveOperationException {
        Class<?> settings = Class.forName("c" + given.get("contract") + ".Settings");
        Method load = settings.getMethod("load", Path.class, Map.class);
        Path directory = given.get("directory") instanceof String path ? Path.of(path) : null;
        try {
            Object read = load.invoke(null, directory, given.get("environment"));
            StringBuilder values = new StringBuilder();
            for (RecordComponent component : settings.getRecordComponents()) {
                values.append(values.isEmpty() ? "" : ",").append(printed(component.getAccessor().invoke(read)));
            }
            return "{\"ok\":true,\"values\":[" + values + "]}";
        } catch (InvocationTargetException error) {
            Throwable cause = error.getCause();
            if (!cause.getClass().getSimpleName().equals("ConfigException")) {
                throw new IllegalStateException(cause);
            }
            List<?> problems = (List<?>) cause.getClass().getMethod("problems").invoke(cause);
            String sentences = problems.stream().map(problem -> quoted(problem.toString())).collect(Collectors.joining(","));
            return "{\"ok\":false,\"problems\":[" + sentences + "]}";
        }
    }

    private static String printed(Object value) throws ReflectiveOperationException {
        if (value instanceof Optional<?> optional) {
            return optional.isEmpty() ? "null" : printed(optional.get());
        }
        if (value instanceof List<?> items) {
            StringBuilder texts = new StringBuilder();
            for (Object item : items) {
                texts.append(texts.isEmpty() ? "" : ",").append(printed(item));
            }
            return "[" + texts + "]";
        }
        if (value instanceof Duration duration) {
            return quoted(Long.toString(duration.toMillis()));
        }
        if (value.getClass().getSimpleName().equals("Secret")) {
            if (!value.toString().equals("********")) {
                throw new IllegalStateException("a secret is shown");
            }
            return quoted((String) value.getClass().getMethod("expose").invoke(value));
        }
        return quoted(value.toString());
    }

    private static String quoted(String text) {
        StringBuilder quoted = new StringBuilder("\"");
        for (char character : text.toCharArray()) {
            boolean isPlain = character >= ' ' && character < 0x7f && character != '"' && character != '\\';
            quoted.append(isPlain ? Character.toString(character) : String.format("\\u%04x", (int) character));
        }
        return quoted.append('"').toString();
    }

    /** A reader of the little JSON that a case is. */
    private static final class Json {
        private final String text;
        private int place;

        private Json(String text) {
            this.text = text;
        }

        private Map<String, Object> object() {
            Map<String, Object> members = new LinkedHashMap<>();
            place++;
            while (text.charAt(place) != '}') {
                String name = string();
                place++;
                members.put(name, value());
                if (text.charAt(place) == ',') {
                    place++;
                }
            }
            place++;
            return members;
        }

        private Object value() {
            char first = text.charAt(place);
            if (first == '{') {
                return object();
            }
            if (first == '"') {
                return string();
            }
            int start = place;
            while (",}".indexOf(text.charAt(place)) < 0) {
                place++;
            }
            String token = text.substring(start, place);
            return token.equals("null") ? null : new BigInteger(token);
        }

        private String string() {
            StringBuilder string = new StringBuilder();
            for (place++; text.charAt(place) != '"'; place++) {
                char character = text.charAt(place);
                string.append(character == '\\' ? escaped() : character);
            }
            place++;
            return string.toString();
        }

        private char escaped() {
            place++;
            char escaped = text.charAt(place);
            if (escaped == 'u') {
                place += 4;
                return (char) Integer.parseInt(text.substring(place - 3, place + 1), 16);
            }
            int known = "nrtbf".indexOf(escaped);
            return known < 0 ? escaped : "\n\r\t\b\f".charAt(known);
        }
    }
}
