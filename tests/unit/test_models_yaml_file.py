import os
from pathlib import Path

import pytest

from coe_twin.models import yaml_file
from coe_twin.models.errors import InvalidInput
from coe_twin.models.text_file import BYTES_MAX, read_text
from coe_twin.models.yaml_file import DEPTH_MAX


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "a.yaml"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def refusal(path: Path) -> str:
    with pytest.raises(InvalidInput) as caught:
        yaml_file.load(path)
    text = str(caught.value)
    assert text.isprintable()
    assert text.startswith(str(path))
    return text.removeprefix(str(path))


def test_plain_data_comes_with_its_lines(tmp_path: Path) -> None:
    """Every value is found again under the line on which its key or item stands."""
    text = "# first\na: 1\nb:\n  - c: 2.5\n    d: [x, true]\n  - null\n"
    document, lines = yaml_file.load(written(tmp_path, text))
    assert document == {"a": 1, "b": [{"c": 2.5, "d": ["x", True]}, None]}
    assert lines.line(("a",)) == 2
    assert lines.line(("b",)) == 3
    assert lines.line(("b", 0, "d", 1)) == 5
    assert lines.line(("b", 1)) == 6


def test_a_value_that_is_not_there_has_the_line_of_what_is_around_it(tmp_path: Path) -> None:
    """A missing key is mended in the mapping that lacks it."""
    _, lines = yaml_file.load(written(tmp_path, "a: 1\nb:\n  - c: 2\n"))
    assert lines.line(("b", 0, "missing", "deeper")) == 3
    assert lines.line(("missing",)) == 1


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    """Some editors write one, and JSON's reader would refuse it."""
    assert read_text(written(tmp_path, b"\xef\xbb\xbfa: 1\n")) == "a: 1\n"


@pytest.mark.parametrize(
    ("content", "place", "problem"),
    [
        ("a: 1\nb: &x 2\n", ":2", "anchors and aliases"),
        ("a: 1\nb: *x\n", ":2", "anchors and aliases"),
        ("a: 1\n<<: {b: 2}\n", ":2", "merge keys"),
        ("a: 1\nb: !!int 3\n", ":2", "tags"),
        ("a: !!python/object:os.system {}\n", ":1", "tags"),
        ("a: 1\nb: {c: 1, c: 2}\n", ":2: b.c", "given twice"),
        ("a: 1\nb: .nan\n", ':2: b = ".nan"', "finite"),
        ("b: -.inf\n", ':1: b = "-.inf"', "finite"),
        ("b: [1, 1e999]\n", ':1: b[1] = "1e999"', "finite"),
        ("a: 1\n---\nb: 2\n", ":2", "second document"),
        ("- a\n- b\n", ":1", "accepted is a mapping"),
        ("just text\n", ":1", "accepted is a mapping"),
        ("# nothing\n", ":1", "accepted is a mapping"),
        ("", ":1", "accepted is a mapping"),
        ("a: 1\n2: b\n", ":2: 2", "as a key is text"),
        ("a: 1\n? [b, c]\n: 2\n", ":2", "as a key is text"),
        ("a: 2016-12-24\n", ':1: a = "2016-12-24"', "quotes"),
        ("a: 2016-99-24\n", ':1: a = "2016-99-24"', "quotes"),
        ('a: "\\ud800"\n', ":1: a", "surrogate"),
        ("a: [1, 2\n", ":2", "not YAML"),
        ("a: b: c\n", ":1", "not YAML"),
        ("\x00", "", "not YAML"),
        (b"a: 1\nb: \xff\n", ":2", "UTF-8"),
        pytest.param("a: " + "9" * 5000, ":1: a", "neither a number nor", id="5000 digits"),
        pytest.param("a: 1\nb: " + "[" * (DEPTH_MAX + 1), ":2", "nested deeper", id="deep"),
        pytest.param("b: " + "[" * 500_000, ":1", "nested deeper", id="deeper"),
    ],
)
def test_what_a_reader_could_overlook_is_refused(
    tmp_path: Path, content: str | bytes, place: str, problem: str
) -> None:
    """The line names the file, the line of the cause as far as known, and the problem."""
    text = refusal(written(tmp_path, content))
    assert text.startswith(place)
    assert problem in text


def test_the_deepest_nesting_that_is_accepted_is_read(tmp_path: Path) -> None:
    """The bound refuses hostile files, not this one."""
    levels = DEPTH_MAX - 1  # the mapping around them is one
    yaml_file.load(written(tmp_path, "a: " + "[" * levels + "]" * levels))


def test_the_size_is_bounded_before_anything_is_parsed(tmp_path: Path) -> None:
    """A file of 1 MiB is read, one byte more is refused by its size."""
    assert len(read_text(written(tmp_path, b"#" * BYTES_MAX))) == BYTES_MAX
    assert "larger than 1 MiB" in refusal(written(tmp_path, b"#" * (BYTES_MAX + 1)))


def test_the_number_of_values_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A small file can hold more values than is worth the wait."""
    monkeypatch.setattr(yaml_file, "VALUES_MAX", 100)
    yaml_file.load(written(tmp_path, f"a: [{'1,' * 90}]"))
    assert "more than 100 values" in refusal(written(tmp_path, f"a: [{'1,' * 101}]"))


def test_what_is_no_readable_file_is_refused(tmp_path: Path) -> None:
    """No path leads to a traceback."""
    assert "no such file" in refusal(tmp_path / "absent.yaml")
    assert "this is a directory" in refusal(tmp_path)
    assert "cannot be read" in refusal(written(tmp_path, "a: 1") / "below.yaml")
    with pytest.raises(InvalidInput, match="cannot be read"):
        yaml_file.load(Path("nul\x00.yaml"))


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read every file")
def test_a_file_without_permission_is_refused(tmp_path: Path) -> None:
    """The reason is the operating system's."""
    path = written(tmp_path, "a: 1")
    path.chmod(0)
    assert "Permission denied" in refusal(path)
