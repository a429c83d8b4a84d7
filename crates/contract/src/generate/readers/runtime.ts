// @notice
/**
 * The settings of this service, from its environment and a mounted directory.
 *
 * A setting is a property named as its key, in camelCase; a name that is taken has an underscore behind it.
 */

import type { Stats } from "node:fs";
import { closeSync, lstatSync, openSync, readSync, readdirSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";
import { env } from "node:process";
import { inspect } from "node:util";

/** The settings of this service. */
export interface Settings {
// @fields
}

/** Sources of the settings. */
export interface Options {
  /** Mounted directory; without it, files give nothing. */
  readonly directory?: string | undefined;
  /** Variables; those of the process where it is left out. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * Reads and checks all settings.
 *
 * A variable is stronger than a file of the directory, and a file stronger than the default. Files are named as the settings and
 * lie in the directory itself, in `config/` or, for secrets, in `secrets/`.
 *
 * @throws {ConfigError} with every problem.
 */
export function load(options: Options = {}): Settings {
// @load
}

const MASK = "********";

/** A text that is masked wherever it is printed; `expose` returns it. */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The text itself. Every caller answers for where it goes. */
  expose(): string {
    return this.#text;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  [inspect.custom](): string {
    return `Secret(${MASK})`;
  }
}

/** A refused configuration: every problem, none of which holds a refused value. */
export class ConfigError extends Error {
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.join("\n"));
    this.name = "ConfigError";
    this.problems = problems;
  }
}

const MAX_FILE_BYTES = 64 * 1024;
const MAX_LOOKS = 12;

interface Rule {
  readonly key: string;
  readonly expected: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: RegExp;
  readonly items?: { readonly expected: string; readonly fewest: number; readonly most?: number };
  readonly default?: string;
  readonly required?: boolean;
  readonly secret?: boolean;
  readonly refused?: { readonly pattern: RegExp; readonly because: string };
  readonly requiredWhen?: { readonly key: string; readonly pattern: RegExp; readonly because: string };
}

/** Problems by their subjects: a key, or a folder that could not be read. */
class Problems {
  readonly found: { readonly subject: string; readonly message: string }[] = [];
  /** A key of a folder that could not be read is not known to be missing. */
  isWhole = true;

  add(subject: string, message: string): void {
    this.found.push({ subject, message });
  }

  addFolder(folder: string, message: string): void {
    this.isWhole = false;
    this.add(folder, `the configuration directory ${message}`);
  }

  addMissing(key: string, message: string): void {
    // A value that could not be read has its problem already.
    if (this.isWhole && !this.found.some(({ subject }) => subject === key)) {
      this.add(key, message);
    }
  }

  sentences(): string[] {
    const ordered = [...this.found].sort((a, b) => (a.subject < b.subject ? -1 : a.subject > b.subject ? 1 : 0));
    return ordered.map(({ subject, message }) => `${subject}: ${message}`);
  }
}

type Texts = Map<string, string>;

function effectiveTexts({ directory, environment = env }: Options): Texts {
  const problems = new Problems();
  const texts: Texts = new Map();
  for (const rule of RULES) {
    if (rule.default !== undefined) {
      texts.set(rule.key, rule.default);
    }
  }
  const given = environmentTexts(environment, problems);
  const mounted: Texts = directory === undefined ? new Map() : directoryTexts(directory, problems);
  for (const [key, text] of [...mounted, ...given]) {
    texts.set(key, text);
  }
  check(texts, problems);
  if (problems.found.length > 0) {
    throw new ConfigError(problems.sentences());
  }
  return texts;
}

function check(texts: Texts, problems: Problems): void {
  for (const rule of RULES) {
    const text = texts.get(rule.key);
    if (text !== undefined) {
      for (const message of violations(rule, text)) {
        problems.add(rule.key, message);
      }
    } else if (rule.required) {
      problems.addMissing(rule.key, "is required and not given");
    }
  }
  for (const { key, requiredWhen } of RULES) {
    if (requiredWhen === undefined || texts.get(key)) {
      continue;
    }
    const other = texts.get(requiredWhen.key);
    if (other !== undefined && requiredWhen.pattern.test(other)) {
      problems.addMissing(key, `is required, since ${requiredWhen.because}`);
    }
  }
}

function violations(rule: Rule, text: string): string[] {
  const found: string[] = [];
  const characters = [...text];
  const position = characters.findIndex((character) => controlName(character) !== undefined);
  const control = characters[position];
  if (control !== undefined) {
    found.push(`contains ${controlName(control) ?? ""} at character ${position + 1}`);
  }
  const isText = rule.items === undefined;
  if (isText && !hasLength(rule, text)) {
    const limits = `${rule.minLength ?? 0} to ${rule.maxLength ?? 0}`;
    found.push(`must have ${limits} characters, has ${characters.length}`);
  } else if (isText && found.length === 0 && !hasPattern(rule, text)) {
    found.push(`must be ${rule.expected}`);
// @if list
  } else if (!isText && found.length === 0) {
    found.push(...itemViolations(rule, text));
// @end
  }
  if (rule.refused?.pattern.test(text)) {
    found.push(rule.refused.because);
  }
  return found;
}

/** The name of a character that no value may hold. */
function controlName(character: string): string | undefined {
  switch (character) {
    case "\0":
      return "a NUL";
    case "\n":
    case "\r":
    case "\u0085":
    case "\u2028":
    case "\u2029":
      return "a line break";
    case "\t":
      return "a tab";
    case "\ufeff":
      return "a byte order mark";
    case "\ufffe":
    case "\uffff":
      return "a code point that is no character";
    default:
      return /\p{Cc}/u.test(character) ? "a control character" : undefined;
  }
}

function hasLength(rule: Rule, text: string): boolean {
  const length = [...text].length;
  return length >= (rule.minLength ?? 0) && length <= (rule.maxLength ?? Infinity);
}

function hasPattern(rule: Rule, text: string): boolean {
  return rule.pattern === undefined || rule.pattern.test(text);
}
// @if list

const LIST =
  /^\[ *(?:(?:"(?:[^"\\]|\\["\\])*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false) *(?:, *(?:"(?:[^"\\]|\\["\\])*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false) *)*)?\]$/u;
const LIST_ITEM = /"(?:[^"\\]|\\["\\])*"|[^",[\] ]+/gu;

function itemViolations(rule: Rule, text: string): string[] {
  const texts = split(text);
  const { expected = "", fewest = 0, most = Infinity } = rule.items ?? {};
  if (texts === undefined || texts.length < fewest || texts.length > most) {
    return [`must be ${rule.expected}`];
  }
  const index = texts.findIndex((item) => !hasLength(rule, item) || !hasPattern(rule, item));
  return index < 0 ? [] : [`item ${index + 1} must be ${expected}`];
}

/** The texts of a list's items: of a JSON array, or between commas. */
function split(text: string): string[] | undefined {
  if (!text.startsWith("[")) {
    return text === "" ? [] : text.split(",").map(withoutBlanks);
  }
  if (!LIST.test(text)) {
    return undefined;
  }
  const unquoted = (item: string): string =>
    item.startsWith('"') ? item.slice(1, -1).replace(/\\(["\\])/gu, "$1") : item;
  return (text.match(LIST_ITEM) ?? []).map(unquoted);
}

function withoutBlanks(item: string): string {
  let [start, end] = [0, item.length];
  while (item[start] === " ") {
    start += 1;
  }
  while (end > start && item[end - 1] === " ") {
    end -= 1;
  }
  return item.slice(start, end);
}
// @end

function environmentTexts(environment: NonNullable<Options["environment"]>, problems: Problems): Texts {
  const texts: Texts = new Map();
  for (const { key } of RULES) {
    const text = Object.hasOwn(environment, key) ? environment[key] : undefined;
    if (text === undefined) {
      continue;
    }
    if (/\p{Cs}/u.test(text)) {
      problems.add(key, "is not UTF-8 text");
    } else {
      texts.set(key, text);
    }
  }
  return texts;
}

/** A folder in which files are looked for, resolved once, or the reason why it cannot be read. */
interface Folder {
  readonly name: string;
  readonly path?: string;
  readonly fault?: string;
}

function directoryTexts(directory: string, problems: Problems): Texts {
  for (let look = 0; look < MAX_LOOKS; look += 1) {
    const folders = foldersOf(directory);
    const found = new Problems();
    const texts = folderTexts(directory, folders, found);
    // The kubelet may have replaced, and removed, what was being read.
    if (JSON.stringify(foldersOf(directory)) === JSON.stringify(folders)) {
      problems.found.push(...found.found);
      problems.isWhole = found.isWhole;
      return texts;
    }
  }
  problems.addFolder(directory, "changed during every attempt to read it");
  return new Map();
}

/** The folders of a directory. A volume of the kubelet is what its link `..data` leads to at the moment. */
function foldersOf(directory: string): Folder[] {
  let outside: string;
  let inside: string;
  try {
    outside = realpathSync(directory);
    inside = generation(outside);
  } catch (error) {
    return [{ name: "", fault: reason(error) }];
  }
  const folders: Folder[] = [{ name: "", path: inside }];
  for (const name of ["config", "secrets"]) {
    let path = join(inside, name);
    if (entry(path) === undefined) {
      // A folder may also be mounted onto a volume.
      path = join(outside, name);
      if (!entry(path)?.isDirectory()) {
        continue;
      }
    }
    try {
      folders.push({ name, path: generation(path) });
    } catch (error) {
      folders.push({ name, fault: reason(error) });
    }
  }
  return folders;
}

function generation(folder: string): string {
  const data = join(folder, "..data");
  return realpathSync(entry(data)?.isSymbolicLink() ? data : folder);
}

/** The entry itself, not where a link leads. */
function entry(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function folderTexts(directory: string, folders: readonly Folder[], problems: Problems): Texts {
  const texts: Texts = new Map();
  const origins = new Map<string, string>();
  for (const { name, path = "", fault } of folders) {
    let names: Set<string>;
    try {
      if (fault !== undefined) {
        throw new Unreadable(fault);
      }
      names = new Set(readdirSync(path));
    } catch (error) {
      problems.addFolder(join(directory, name), `cannot be read: ${reason(error)}`);
      continue;
    }
    for (const { key, secret } of RULES.filter((rule) => names.has(rule.key))) {
      if (secret && name === "config") {
        problems.add(key, "is a secret and must not be in config/; mount it from a Secret below secrets/");
        continue;
      }
      try {
        texts.set(key, fileText(join(path, key)));
      } catch (error) {
        problems.add(key, error instanceof Unreadable ? error.message : `cannot be read: ${reason(error)}`);
        continue;
      }
      const first = origins.get(key);
      if (first !== undefined) {
        problems.add(key, `is given twice, also in ${first}`);
      }
      origins.set(key, join(directory, name, key));
    }
  }
  return texts;
}

/** A file or folder that cannot be read; the message is a fragment. */
class Unreadable extends Error {}

/** The reason of an error without the path, which the sentence has already. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return error instanceof Unreadable ? message : message.replace(/^[A-Z]+: |, [a-z]+( '.*')?$/gu, "");
}

function fileText(path: string): string {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) {
    throw new Unreadable("is a dangling link");
  }
  if (stats.isDirectory()) {
    throw new Unreadable("is a directory where a file should be");
  }
  if (!stats.isFile()) {
    throw new Unreadable("is not a regular file");
  }
  const content = fileBytes(path);
  if (content.length > MAX_FILE_BYTES) {
    throw new Unreadable(`is a file of more than ${MAX_FILE_BYTES} bytes`);
  }
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(content);
  } catch {
    throw new Unreadable("is not UTF-8 text");
  }
  return text.endsWith("\n") ? text.slice(0, -1) : text;
}

/** The bytes of a file, and of one that is too large one byte more than it may have. */
function fileBytes(path: string): Uint8Array {
  const buffer = new Uint8Array(MAX_FILE_BYTES + 1);
  const file = openSync(path, "r");
  try {
    let length = 0;
    for (let count = -1; count !== 0 && length < buffer.length; length += count) {
      count = readSync(file, buffer, length, buffer.length - length, null);
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}
// @if given

/** The text of a setting that a valid configuration has. */
function given(texts: Texts, key: string): string {
  const text = texts.get(key);
  if (text === undefined) {
    throw new Error(`${key} is not given`);
  }
  return text;
}
// @end
// @if optional

function optional<T>(texts: Texts, key: string, read: (text: string) => T): T | undefined {
  const text = texts.get(key);
  return text === undefined ? undefined : read(text);
}
// @end
// @if boolean

const flag = (text: string): boolean => text === "true";
// @end
// @if duration

function milliseconds(text: string): number {
  const units: Record<string, number> = { h: 3_600_000, m: 60_000, s: 1000, ms: 1 };
  const number = parseInt(text, 10);
  return number * (units[text.slice(String(number).length)] ?? NaN);
}
// @end
// @if list

const list =
  <T>(read: (item: string) => T) =>
  (text: string): readonly T[] =>
    (split(text) ?? []).map((item) => read(item));
// @end

const RULES: readonly Rule[] = [
// @rules
];
