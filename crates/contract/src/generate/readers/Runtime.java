// @notice

// @package
import java.io.IOException;
import java.io.InputStream;
// @if uint64
import java.math.BigInteger;
// @end
import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.security.MessageDigest;
// @if duration
import java.time.Duration;
// @end
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
// @if absent
import java.util.Optional;
// @end
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
// @if list optional
import java.util.function.Function;
// @end
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The settings of this service, from its environment and a mounted directory.
 *
 * <p>A component is named as its key, in camelCase; a name that Java reserves, or that is taken, has an underscore behind it.
 *
// @params
 */
public record Settings(
// @fields
) {
    private static final String MASK = "********";
    private static final int MAX_FILE_BYTES = 64 * 1024;
    private static final int MAX_LOOKS = 12;
    private static final long SEARCH_STACK_BYTES = 256L * 1024 * 1024;

    private static final List<Rule> RULES = List.of(
// @rules
    );

    /**
     * Reads and checks all settings, with the environment of this process. Java decodes variables by the locale: with another one
     * than UTF-8 only ASCII arrives whole.
     *
     * @param directory the mounted directory; null for none
     * @return the settings
     * @throws ConfigException with every problem
     */
    public static Settings load(Path directory) {
        return load(directory, System.getenv());
    }

    /**
     * Reads and checks all settings.
     *
     * <p>A variable is stronger than a file of the directory, and a file stronger than the default. Files are named as the settings
     * and lie in the directory itself, in {@code config/} or, for secrets, in {@code secrets/}.
     *
     * @param directory the mounted directory; null for none
     * @param environment the variables
     * @return the settings
     * @throws ConfigException with every problem
     */
    public static Settings load(Path directory, Map<String, String> environment) {
// @load
    }

    /** A text that is masked wherever it is printed; {@code expose} returns it. */
    public static final class Secret {
        private final String text;

        /**
         * Hides a text.
         *
         * @param text the text
         */
        public Secret(String text) {
            this.text = Objects.requireNonNull(text);
        }

        /**
         * Returns the text itself. Every caller answers for where it goes.
         *
         * @return the text
         */
        public String expose() {
            return text;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Secret secret && MessageDigest.isEqual(bytes(), secret.bytes());
        }

        @Override
        public int hashCode() {
            return text.hashCode();
        }

        @Override
        public String toString() {
            return MASK;
        }

        private byte[] bytes() {
            return text.getBytes(StandardCharsets.UTF_8);
        }
    }

    /** A refused configuration: every problem, none of which holds a refused value. */
    public static final class ConfigException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final String[] problems;

        private ConfigException(List<String> problems) {
            super(String.join("\n", problems));
            this.problems = problems.toArray(String[]::new);
        }

        /**
         * Returns every problem, in the order of the keys.
         *
         * @return a sentence for each
         */
        public List<String> problems() {
            return List.of(problems);
        }
    }

    private static final class Rule {
        private final String key;
        private final String expected;
        private int minLength;
        private int maxLength = -1;
        private Pattern pattern;
        private Items items;
        private String byDefault;
        private boolean isRequired;
        private boolean isSecret;
        private Refused refused;
        private RequiredWhen requiredWhen;

        private Rule(String key, String expected) {
            this.key = key;
            this.expected = expected;
        }

        private Rule length(int least, int most) {
            minLength = least;
            maxLength = most;
            return this;
        }

        private Rule pattern(String text) {
            pattern = Pattern.compile(text);
            return this;
        }

        private Rule items(String itemExpected, int fewest, int most) {
            items = new Items(itemExpected, fewest, most);
            return this;
        }

        private Rule byDefault(String text) {
            byDefault = text;
            return this;
        }

        private Rule required() {
            isRequired = true;
            return this;
        }

        private Rule secret() {
            isSecret = true;
            return this;
        }

        private Rule refused(String text, String because) {
            refused = new Refused(Pattern.compile(text), because);
            return this;
        }

        private Rule requiredWhen(String other, String text, String because) {
            requiredWhen = new RequiredWhen(other, Pattern.compile(text), because);
            return this;
        }
    }

    private record Items(String expected, int fewest, int most) {}

    private record Refused(Pattern pattern, String because) {}

    private record RequiredWhen(String key, Pattern pattern, String because) {}

    private record Problem(String subject, String message) {}

    /** Problems by their subjects: a key, or a folder that could not be read. */
    private static final class Problems {
        private final List<Problem> found = new ArrayList<>();
        // A key of a folder that could not be read is not known to be missing.
        private boolean isWhole = true;

        private void add(String subject, String message) {
            found.add(new Problem(subject, message));
        }

        private void addFolder(Path folder, String message) {
            isWhole = false;
            add(folder.toString(), "the configuration directory " + message);
        }

        private void addMissing(String key, String message) {
            // A value that could not be read has its problem already.
            if (isWhole && found.stream().noneMatch(problem -> problem.subject().equals(key))) {
                add(key, message);
            }
        }

        private List<String> sentences() {
            return found.stream()
                .sorted(Comparator.comparing(Problem::subject))
                .map(problem -> problem.subject() + ": " + problem.message())
                .toList();
        }
    }

    private static Map<String, String> effectiveTexts(Path directory, Map<String, String> environment) {
        Problems problems = new Problems();
        Map<String, String> texts = new HashMap<>();
        for (Rule rule : RULES) {
            if (rule.byDefault != null) {
                texts.put(rule.key, rule.byDefault);
            }
        }
        Map<String, String> given = environmentTexts(environment, problems);
        if (directory != null) {
            texts.putAll(directoryTexts(directory, problems));
        }
        texts.putAll(given);
        check(texts, problems);
        if (!problems.found.isEmpty()) {
            throw new ConfigException(problems.sentences());
        }
        return texts;
    }

    private static void check(Map<String, String> texts, Problems problems) {
        for (Rule rule : RULES) {
            String text = texts.get(rule.key);
            if (text != null) {
                violations(rule, text).forEach(message -> problems.add(rule.key, message));
            } else if (rule.isRequired) {
                problems.addMissing(rule.key, "is required and not given");
            }
        }
        for (Rule rule : RULES) {
            RequiredWhen when = rule.requiredWhen;
            if (when == null || !texts.getOrDefault(rule.key, "").isEmpty()) {
                continue;
            }
            String other = texts.get(when.key());
            if (other != null && finds(when.pattern(), other)) {
                problems.addMissing(rule.key, "is required, since " + when.because());
            }
        }
    }

    private static List<String> violations(Rule rule, String text) {
        List<String> found = new ArrayList<>();
        int[] characters = text.codePoints().toArray();
        for (int position = 0; position < characters.length && found.isEmpty(); position++) {
            String name = controlName(characters[position]);
            if (name != null) {
                found.add("contains " + name + " at character " + (position + 1));
            }
        }
        if (rule.items != null) {
            if (found.isEmpty()) {
                found.addAll(itemViolations(rule, text));
            }
        } else if (!hasLength(rule, text)) {
            String limits = rule.minLength + " to " + rule.maxLength;
            found.add("must have " + limits + " characters, has " + characters.length);
        } else if (found.isEmpty() && !hasPattern(rule, text)) {
            found.add("must be " + rule.expected);
        }
        if (rule.refused != null && finds(rule.refused.pattern(), text)) {
            found.add(rule.refused.because());
        }
        return found;
    }

    /** The name of a character that no value may hold, or null. */
    private static String controlName(int character) {
        return switch (character) {
            case 0 -> "a NUL";
            case '\n', '\r', 0x85, 0x2028, 0x2029 -> "a line break";
            case '\t' -> "a tab";
            case 0xfeff -> "a byte order mark";
            case 0xfffe, 0xffff -> "a code point that is no character";
            default -> Character.isISOControl(character) ? "a control character" : null;
        };
    }

    private static boolean hasLength(Rule rule, String text) {
        int length = text.codePointCount(0, text.length());
        return length >= rule.minLength && (rule.maxLength < 0 || length <= rule.maxLength);
    }

    private static boolean hasPattern(Rule rule, String text) {
        return rule.pattern == null || finds(rule.pattern, text);
    }

    /** Searches with more stack where the usual one is too small: the engine takes some for each repetition of a group. */
    private static boolean finds(Pattern pattern, String text) {
        try {
            return pattern.matcher(text).find();
        } catch (StackOverflowError error) {
            FutureTask<Boolean> search = new FutureTask<>(() -> pattern.matcher(text).find());
            new Thread(null, search, "settings", SEARCH_STACK_BYTES).start();
            try {
                return search.get();
            } catch (ExecutionException failure) {
                throw new IllegalStateException("a pattern of the contract needs too much stack", failure);
            } catch (InterruptedException interruption) {
                Thread.currentThread().interrupt();
                throw new IllegalStateException("interrupted while settings were checked", interruption);
            }
        }
    }

    private static List<String> itemViolations(Rule rule, String text) {
        Items limits = rule.items;
        List<String> texts = split(text);
        if (texts == null || texts.size() < limits.fewest() || (limits.most() >= 0 && texts.size() > limits.most())) {
            return List.of("must be " + rule.expected);
        }
        for (int index = 0; index < texts.size(); index++) {
            if (!hasLength(rule, texts.get(index)) || !hasPattern(rule, texts.get(index))) {
                return List.of("item " + (index + 1) + " must be " + limits.expected());
            }
        }
        return List.of();
    }

    // Possessive quantifiers: others need stack for each repetition.
    private static final String ITEM =
        "(?:\"(?:[^\"\\\\]|\\\\[\"\\\\])*+\"|-?(?:0|[1-9][0-9]*+)(?:\\.[0-9]++)?+|true|false) *+";
    private static final Pattern LIST = Pattern.compile("\\[ *+(?:" + ITEM + "(?:, *+" + ITEM + ")*+)?+\\]");
    private static final Pattern LIST_ITEM = Pattern.compile("\"(?:[^\"\\\\]|\\\\[\"\\\\])*+\"|[^\",\\[\\] ]++");
    private static final Pattern ESCAPED = Pattern.compile("\\\\([\"\\\\])");
    private static final Pattern BLANKS_AROUND = Pattern.compile("^ ++|(?<! ) ++$");

    /** The texts of a list's items: of a JSON array, or between commas. Null for neither. */
    private static List<String> split(String text) {
        List<String> texts = new ArrayList<>();
        if (!text.startsWith("[")) {
            if (!text.isEmpty()) {
                for (String item : text.split(",", -1)) {
                    texts.add(BLANKS_AROUND.matcher(item).replaceAll(""));
                }
            }
            return texts;
        }
        if (!LIST.matcher(text).matches()) {
            return null;
        }
        for (Matcher item = LIST_ITEM.matcher(text); item.find(); ) {
            String found = item.group();
            boolean isQuoted = found.startsWith("\"");
            texts.add(isQuoted ? ESCAPED.matcher(found.substring(1, found.length() - 1)).replaceAll("$1") : found);
        }
        return texts;
    }

    private static Map<String, String> environmentTexts(Map<String, String> environment, Problems problems) {
        Map<String, String> texts = new HashMap<>();
        for (Rule rule : RULES) {
            String text = environment.get(rule.key);
            if (text == null) {
                continue;
            }
            try {
                StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
                texts.put(rule.key, text);
            } catch (CharacterCodingException error) {
                problems.add(rule.key, "is not UTF-8 text");
            }
        }
        return texts;
    }

    private static Map<String, String> directoryTexts(Path directory, Problems problems) {
        for (int look = 0; look < MAX_LOOKS; look++) {
            List<Folder> folders = folders(directory);
            Problems found = new Problems();
            Map<String, String> texts = folderTexts(directory, folders, found);
            // The kubelet may have replaced, and removed, what was being read.
            if (folders.equals(folders(directory))) {
                problems.found.addAll(found.found);
                problems.isWhole = found.isWhole;
                return texts;
            }
        }
        problems.addFolder(directory, "changed during every attempt to read it");
        return Map.of();
    }

    /** A folder in which files are looked for, resolved once, or the reason why it cannot be read. */
    private record Folder(String name, Path path, String fault) {
        private static Folder resolve(String name, Path path) {
            try {
                Path data = path.resolve("..data");
                return new Folder(name, (Files.isSymbolicLink(data) ? data : path).toRealPath(), null);
            } catch (IOException error) {
                return new Folder(name, null, reason(error));
            }
        }
    }

    /** The folders of a directory. A volume of the kubelet is what its link {@code ..data} leads to at the moment. */
    private static List<Folder> folders(Path directory) {
        List<Folder> folders = new ArrayList<>();
        Path outside;
        try {
            outside = directory.toRealPath();
        } catch (IOException error) {
            return List.of(new Folder("", null, reason(error)));
        }
        Folder root = Folder.resolve("", outside);
        folders.add(root);
        if (root.path() == null) {
            return folders;
        }
        for (String name : List.of("config", "secrets")) {
            Path inside = root.path().resolve(name);
            // A folder may also be mounted onto a volume.
            Path mounted = outside.resolve(name);
            if (Files.exists(inside, LinkOption.NOFOLLOW_LINKS)) {
                folders.add(Folder.resolve(name, inside));
            } else if (Files.isDirectory(mounted, LinkOption.NOFOLLOW_LINKS)) {
                folders.add(Folder.resolve(name, mounted));
            }
        }
        return folders;
    }

    private static Map<String, String> folderTexts(Path directory, List<Folder> folders, Problems problems) {
        Map<String, String> texts = new HashMap<>();
        Map<String, Path> origins = new HashMap<>();
        for (Folder folder : folders) {
            Path shown = directory.resolve(folder.name());
            Set<String> names = new HashSet<>();
            String fault = folder.fault() == null ? list(folder.path(), names) : folder.fault();
            if (fault != null) {
                problems.addFolder(shown, "cannot be read: " + fault);
                continue;
            }
            for (Rule rule : RULES) {
                if (!names.contains(rule.key)) {
                    continue;
                }
                if (rule.isSecret && folder.name().equals("config")) {
                    problems.add(rule.key, "is a secret and must not be in config/; mount it from a Secret below secrets/");
                    continue;
                }
                try {
                    texts.put(rule.key, fileText(folder.path().resolve(rule.key)));
                } catch (UnreadableException error) {
                    problems.add(rule.key, error.getMessage());
                    continue;
                }
                Path first = origins.put(rule.key, shown.resolve(rule.key));
                if (first != null) {
                    problems.add(rule.key, "is given twice, also in " + first);
                }
            }
        }
        return texts;
    }

    /** Adds the names of a folder's entries, or returns the reason why it cannot be read. */
    private static String list(Path folder, Set<String> names) {
        try (Stream<Path> entries = Files.list(folder)) {
            entries.forEach(entry -> names.add(entry.getFileName().toString()));
            return null;
        } catch (IOException error) {
            return reason(error);
        }
    }

    private static final class UnreadableException extends Exception {
        private static final long serialVersionUID = 1L;

        private UnreadableException(String message) {
            super(message);
        }
    }

    private static String fileText(Path path) throws UnreadableException {
        if (!Files.exists(path)) {
            throw new UnreadableException("is a dangling link");
        }
        if (Files.isDirectory(path)) {
            throw new UnreadableException("is a directory where a file should be");
        }
        if (!Files.isRegularFile(path)) {
            throw new UnreadableException("is not a regular file");
        }
        String text;
        try (InputStream file = Files.newInputStream(path)) {
            byte[] content = file.readNBytes(MAX_FILE_BYTES + 1);
            if (content.length > MAX_FILE_BYTES) {
                throw new UnreadableException("is a file of more than " + MAX_FILE_BYTES + " bytes");
            }
            text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(content)).toString();
        } catch (CharacterCodingException error) {
            throw new UnreadableException("is not UTF-8 text");
        } catch (IOException error) {
            throw new UnreadableException("cannot be read: " + reason(error));
        }
        return text.endsWith("\n") ? text.substring(0, text.length() - 1) : text;
    }

    /** The reason of an error without the path, which the sentence has already. */
    private static String reason(IOException error) {
        if (error instanceof NoSuchFileException) {
            return "no such file or directory";
        }
        if (error instanceof AccessDeniedException) {
            return "permission denied";
        }
        if (error instanceof NotDirectoryException) {
            return "not a directory";
        }
        return error.getClass().getSimpleName();
    }
// @if optional

    private static <T> Optional<T> optional(Map<String, String> texts, String key, Function<String, T> read) {
        return Optional.ofNullable(texts.get(key)).map(read);
    }
// @end
// @if boolean

    private static boolean flag(String text) {
        return text.equals("true");
    }
// @end
// @if duration

    private static Duration duration(String text) {
        String unit = text.replaceAll("[0-9]+", "");
        long number = Long.parseLong(text.substring(0, text.length() - unit.length()));
        return switch (unit) {
            case "h" -> Duration.ofHours(number);
            case "m" -> Duration.ofMinutes(number);
            case "s" -> Duration.ofSeconds(number);
            default -> Duration.ofMillis(number);
        };
    }
// @end
// @if list

    private static <T> List<T> list(String text, Function<String, T> read) {
        return split(text).stream().map(read).toList();
    }
// @end
}
