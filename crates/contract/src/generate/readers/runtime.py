# @notice
"""The settings of this service, from its environment and a mounted directory.

load() returns every setting with its type, or raises ConfigError with every problem.
A setting is an attribute named as its key, in lower case; a name that Python or this
file has already is followed by an underscore.
"""

from __future__ import annotations

import hmac
import os
import re
import stat
# @collections
from dataclasses import dataclass
# @if duration
from datetime import timedelta
# @end
from pathlib import Path
# @typing

_MASK = "********"
_MAX_FILE_BYTES = 64 * 1024
_MAX_LOOKS = 12
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_CONTROL_NAMES = {
    "\x00": "a NUL",
    "\t": "a tab",
    **dict.fromkeys("\n\r\x85\u2028\u2029", "a line break"),
    "\ufeff": "a byte order mark",
    **dict.fromkeys("\ufffe\uffff", "a code point that is no character"),
}
# @if list
_LIST = re.compile(
    r'\[ *(?:(?:"(?:[^"\\]|\\["\\])*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false) *'
    r'(?:, *(?:"(?:[^"\\]|\\["\\])*"|-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?|true|false) *)*'
    r")?\]"
)
_LIST_ITEM = re.compile(r'"(?:[^"\\]|\\["\\])*"|[^",\[\] ]+')
# @end
# @aliases


class Secret:
    """A text that is masked wherever it is printed; expose() returns it."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def expose(self) -> str:
        """Return the text itself. Every caller answers for where it goes."""
        return self._text

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._text.encode(), other._text.encode())

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return f"Secret('{_MASK}')"

    def __str__(self) -> str:
        return _MASK


class ConfigError(Exception):
    """A refused configuration: every problem, none of which holds a refused value."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)


@dataclass(frozen=True)
class Settings:
    """The settings of this service."""

# @fields


def load(
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Settings:
    """Read and check all settings.

    A variable is stronger than a file of the directory, and a file stronger than the
    default. Files are named as the settings and lie in the directory itself, in config/
    or, for secrets, in secrets/. Without an environment, that of the process is read.

    Raises ConfigError with every problem.
    """
# @load


@dataclass(frozen=True)
class _Rule:
    key: str
    expected: str
    min_length: int = 0
    max_length: int | None = None
    pattern: re.Pattern[str] | None = None
    items: _Items | None = None
    default: str | None = None
    required: bool = False
    secret: bool = False
    refused: _Refused | None = None
    required_when: _RequiredWhen | None = None


@dataclass(frozen=True)
class _Items:
    expected: str
    fewest: int
    most: int | None


@dataclass(frozen=True)
class _Refused:
    pattern: re.Pattern[str]
    because: str


@dataclass(frozen=True)
class _RequiredWhen:
    key: str
    pattern: re.Pattern[str]
    because: str


class _Problems:
    """Problems by their subjects: a key, or a folder that could not be read."""

    def __init__(self) -> None:
        self.found: list[tuple[str, str]] = []
        # A key of a folder that could not be read is not known to be missing.
        self.is_whole = True

    def add(self, subject: str, message: str) -> None:
        self.found.append((subject, message))

    def add_folder(self, folder: Path, message: str) -> None:
        self.is_whole = False
        self.add(str(folder), f"the configuration directory {message}")

    def add_missing(self, key: str, message: str) -> None:
        # A value that could not be read has its problem already.
        if self.is_whole and all(subject != key for subject, _ in self.found):
            self.add(key, message)

    def sentences(self) -> list[str]:
        ordered = sorted(self.found, key=lambda problem: problem[0])
        return [f"{subject}: {message}" for subject, message in ordered]


def _effective_texts(
    directory: Path | None, environment: Mapping[str, str]
) -> dict[str, str]:
    problems = _Problems()
    given = _environment_texts(environment, problems)
    mounted = _directory_texts(directory, problems) if directory is not None else {}
    defaults = {rule.key: rule.default for rule in _RULES if rule.default is not None}
    texts = {**defaults, **mounted, **given}
    _check(texts, problems)
    if problems.found:
        raise ConfigError(*problems.sentences())
    return texts


def _check(texts: Mapping[str, str], problems: _Problems) -> None:
    for rule in _RULES:
        text = texts.get(rule.key)
        if text is not None:
            for message in _violations(rule, text):
                problems.add(rule.key, message)
        elif rule.required:
            problems.add_missing(rule.key, "is required and not given")
    for rule in _RULES:
        when = rule.required_when
        if when is None or texts.get(rule.key):
            continue
        other = texts.get(when.key)
        if other is not None and when.pattern.search(other):
            problems.add_missing(rule.key, f"is required, since {when.because}")


def _violations(rule: _Rule, text: str) -> list[str]:
    found = []
    control = _CONTROL.search(text)
    if control:
        name = _CONTROL_NAMES.get(control[0], "a control character")
        found.append(f"contains {name} at character {control.start() + 1}")
    if rule.items is None:
        if not _has_length(rule, text):
            found.append(
                f"must have {rule.min_length} to {rule.max_length} characters, "
                f"has {len(text)}"
            )
        elif not found and not _has_pattern(rule, text):
            found.append(f"must be {rule.expected}")
# @if list
    elif not found:
        found.extend(_item_violations(rule, rule.items, text))
# @end
    if rule.refused is not None and rule.refused.pattern.search(text):
        found.append(rule.refused.because)
    return found


def _has_length(rule: _Rule, text: str) -> bool:
    return rule.min_length <= len(text) and (
        rule.max_length is None or len(text) <= rule.max_length
    )


def _has_pattern(rule: _Rule, text: str) -> bool:
    return rule.pattern is None or rule.pattern.search(text) is not None
# @if list


def _item_violations(rule: _Rule, limits: _Items, text: str) -> list[str]:
    texts = _split(text)
    if (
        texts is None
        or len(texts) < limits.fewest
        or (limits.most is not None and len(texts) > limits.most)
    ):
        return [f"must be {rule.expected}"]
    for number, item in enumerate(texts, 1):
        if not (_has_length(rule, item) and _has_pattern(rule, item)):
            return [f"item {number} must be {limits.expected}"]
    return []


def _split(text: str) -> list[str] | None:
    """Return the texts of a list's items: of a JSON array, or between commas."""
    if not text.startswith("["):
        return [item.strip(" ") for item in text.split(",")] if text else []
    if not _LIST.fullmatch(text):
        return None
    return [_item_text(item) for item in _LIST_ITEM.findall(text)]


def _item_text(item: str) -> str:
    return re.sub(r"\\(.)", r"\1", item[1:-1]) if item.startswith('"') else item


def _tuple(read: Callable[[str], _T], text: str) -> tuple[_T, ...]:
    return tuple(read(item) for item in _split(text) or [])
# @end
# @if optional


def _optional(read: Callable[[str], _T], text: str | None) -> _T | None:
    return None if text is None else read(text)
# @end
# @if boolean


def _switch(text: str) -> bool:
    return text == "true"
# @end
# @if duration


def _duration(text: str) -> timedelta:
    number = text.rstrip("hms")
    milliseconds = {"h": 3_600_000, "m": 60_000, "s": 1000, "ms": 1}
    return timedelta(milliseconds=int(number) * milliseconds[text[len(number) :]])
# @end


def _environment_texts(
    environment: Mapping[str, str], problems: _Problems
) -> dict[str, str]:
    texts = {}
    for rule in _RULES:
        text = environment.get(rule.key)
        if text is None:
            continue
        try:
            text.encode()
        except UnicodeEncodeError:
            problems.add(rule.key, "is not UTF-8 text")
        else:
            texts[rule.key] = text
    return texts


def _directory_texts(directory: Path, problems: _Problems) -> dict[str, str]:
    for _ in range(_MAX_LOOKS):
        folders = _folders(directory)
        found = _Problems()
        texts = _folder_texts(directory, folders, found)
        # The kubelet may have replaced, and removed, what was being read.
        if _folders(directory) == folders:
            problems.found += found.found
            problems.is_whole = found.is_whole
            return texts
    problems.add_folder(directory, "changed during every attempt to read it")
    return {}


def _folders(directory: Path) -> dict[str, Path | str]:
    """Return the folders of a directory by name, each resolved once or with its fault.

    A volume of the kubelet is what its link ..data leads to at the moment.
    """
    try:
        outside = directory.resolve(strict=True)
        inside = _generation(outside)
    except OSError as error:
        return {"": str(error.strerror)}
    folders: dict[str, Path | str] = {"": inside}
    for name in ("config", "secrets"):
        folder = inside / name
        if not os.path.lexists(folder):
            # A folder may also be mounted onto a volume.
            folder = outside / name
            if folder.is_symlink() or not folder.is_dir():
                continue
        try:
            folders[name] = _generation(folder)
        except OSError as error:
            folders[name] = str(error.strerror)
    return folders


def _generation(folder: Path) -> Path:
    data = folder / "..data"
    return (data if data.is_symlink() else folder).resolve(strict=True)


def _folder_texts(
    directory: Path, folders: Mapping[str, Path | str], problems: _Problems
) -> dict[str, str]:
    texts: dict[str, str] = {}
    origins: dict[str, Path] = {}
    for name, folder in folders.items():
        if isinstance(folder, str):
            problems.add_folder(directory / name, f"cannot be read: {folder}")
            continue
        try:
            names = set(os.listdir(folder))
        except OSError as error:
            problems.add_folder(directory / name, f"cannot be read: {error.strerror}")
            continue
        for rule in _RULES:
            if rule.key not in names:
                continue
            if rule.secret and name == "config":
                problems.add(
                    rule.key,
                    "is a secret and must not be in config/; "
                    "mount it from a Secret below secrets/",
                )
                continue
            try:
                texts[rule.key] = _file_text(folder / rule.key)
            except _UnreadableError as error:
                problems.add(rule.key, str(error))
                continue
            shown = directory / name / rule.key
            if rule.key in origins:
                message = f"is given twice, also in {origins[rule.key]}"
                problems.add(rule.key, message)
            origins[rule.key] = shown
    return texts


class _UnreadableError(Exception):
    pass


def _file_text(path: Path) -> str:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise _UnreadableError("is a directory where a file should be")
        if not stat.S_ISREG(mode):
            raise _UnreadableError("is not a regular file")
        with path.open("rb") as file:
            content = file.read(_MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        raise _UnreadableError("is a dangling link") from None
    except OSError as error:
        raise _UnreadableError(f"cannot be read: {error.strerror}") from None
    if len(content) > _MAX_FILE_BYTES:
        raise _UnreadableError(f"is a file of more than {_MAX_FILE_BYTES} bytes")
    try:
        text = content.decode()
    except UnicodeDecodeError:
        raise _UnreadableError("is not UTF-8 text") from None
    return text.removesuffix("\n")


# fmt: off
_RULES: tuple[_Rule, ...] = (
# @rules
)
