"""YAML 1.2-style documents: scalars, lines, changes by path, and findings as faults.

What is refused, and in which words, stands in tests/test_bad_input.py.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from dctwin.components.component import param
from dctwin.document import faults_of, load_document, parse_scalar, plain
from dctwin.errors import InputError

TEXT = """\
name: x
list:
  - kind: a
    size_m: 1
  - name: second
    kind: b
    size_m: 2
nested: {deep: {value: 1e5}}
"""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1), ("-3", -3), ("+4", 4), ("1.5", 1.5), ("1e5", 1e5), ("1E-3", 1e-3), (".5", 0.5),
        ("5.", 5.0), ("true", True), ("false", False), ("null", None), ("~", None),
        # YAML 1.1 would make other things of these
        ("NO", "NO"), ("yes", "yes"), ("on", "on"), ("12:30", "12:30"), ("1_000", "1_000"),
        ("0x1F", "0x1F"), ("0o17", "0o17"), ("2024-01-01", "2024-01-01"), ("1.2.3", "1.2.3"),
        ("True", "True"), ("", ""), ("e5", "e5"), ("-", "-"),
        ("12345678901234567890", 12345678901234567890.0),
    ],
)  # fmt: skip
def test_scalars(text: str, value: Any) -> None:
    found = parse_scalar(text)
    assert found == value
    assert type(found) is type(value)
    if text not in ("", "-"):
        data = load_document("f.yaml", f"key: {text}").data
        assert data["key"] == value


def test_quoted_is_text_and_empty_is_nothing() -> None:
    data = load_document("f.yaml", "a: '1'\nb: \"true\"\nc: |\n  5\nd:\ne: ''\n").data
    assert data == {"a": "1", "b": "true", "c": "5\n", "d": None, "e": ""}


plain_data = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**15), 10**15)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_characters="\x7f\x85")),
    lambda below: st.lists(below, max_size=3) | st.dictionaries(st.text("abc", min_size=1), below),
    max_leaves=10,
)


@given(st.dictionaries(st.text("abcdef", min_size=1, max_size=5), plain_data, max_size=4))
def test_reads_what_a_yaml_writer_writes(data: dict[str, Any]) -> None:
    """Everything but numbers that PyYAML, of YAML 1.1, writes in forms of its own."""
    text = yaml.safe_dump(data, allow_unicode=True)
    if "&" in text or "!" in text:  # anchors for equal parts
        return
    assert load_document("f.yaml", text).data == data


def test_lines() -> None:
    document = load_document("f.yaml", TEXT)
    assert document.line(("list",)) == 2
    assert document.line(("list", 1)) == 5
    assert document.line(("list", 1, "size_m")) == 7
    assert document.line(("nested", "deep", "value")) == 8
    # what is not there stands where the nearest thing around it is
    assert document.line(("list", 1, "colour")) == 5
    assert document.line(("nothing", "here")) == 1
    assert str(document.fault(("list", 0, "size_m"), "is small")) == (
        "f.yaml:4: list.0.size_m: is small"
    )


def test_replaced_by_path_index_name_and_kind() -> None:
    document = load_document("f.yaml", TEXT)
    changed = document.replaced(
        {"list.0.size_m": 5, "list.second.size_m": 6, "nested.deep.more": 7, "list.a.name": "one"}
    )
    assert changed.data["list"] == [
        {"kind": "a", "size_m": 5, "name": "one"},
        {"name": "second", "kind": "b", "size_m": 6},
    ]
    assert changed.data["nested"] == {"deep": {"value": 1e5, "more": 7}}
    assert document.data["list"][0]["size_m"] == 1  # the first one is as it was
    # a value set here stands on no line; its neighbours keep theirs
    assert str(changed.fault(("list", 1, "size_m"), "why")) == "f.yaml: list.1.size_m: why"
    assert changed.line(("list", 1, "kind")) == 6


def test_replaced_whole_part() -> None:
    changed = load_document("f.yaml", TEXT).replaced({"nested": {"other": 1}})
    assert changed.data["nested"] == {"other": 1}
    assert changed.line(("nested", "deep", "value")) == 0


def test_replaced_refuses_a_path_that_leads_nowhere() -> None:
    document = load_document("f.yaml", TEXT)
    for path, said in {
        "lists.0.size_m": "no such place: 'lists', did you mean 'list'?",
        "list.7.size_m": "no such place: '7', known: a, second",
        "name.deeper": "no such place: 'deeper', none is known",
    }.items():
        with pytest.raises(InputError) as refused:
            document.replaced({path: 1})
        assert str(refused.value) == f"f.yaml: {path}: {said}"


def test_reads_a_file_with_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes("name: größe\n".encode("utf-8-sig"))
    assert load_document(file).data == {"name": "größe"}


class _Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    size_m: float = param("m", 0, 2e6, "how large")
    pair: tuple[float, float] = (0.0, 1.0)


class _Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    parts: list[_Inner] = Field(max_length=2)
    flag: bool = Field(False, strict=True)

    @model_validator(mode="after")
    def _rule(self) -> _Outer:
        if self.flag and len(self.parts) == 1:
            raise ValueError("flag needs two parts")
        return self


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("parts:\n- {size_m: 3000000}",
         ["f:2: parts.0.size_m: is out of range, allowed 0 to 2000000 m (got 3000000)"]),
        ("parts:\n- {}", ["f:2: parts.0.size_m: is missing: how large, allowed 0 to 2000000 m"]),
        ("parts:\n- {sise_m: 1}", ["f:2: parts.0.sise_m: unknown key, did you mean 'size_m'?"]),
        ("parts:\n- {colour: 1}",
         ["f:2: parts.0.size_m: is missing: how large, allowed 0 to 2000000 m",
          "f:2: parts.0.colour: unknown key, known: pair, size_m"]),
        ("parts:\n- {size_m: 1, pair: [1]}", ["f:2: parts.0.pair: must have 2 values (got 1)"]),
        ("parts:\n- 5", ["f:2: parts.0: must be a mapping of keys to values (got 5)"]),
        ("parts: 5", ["f:1: parts: must be a list (got 5)"]),
        ("parts: [{size_m: 1}, {size_m: 1}, {size_m: 1}]",
         ["f:1: parts: must have at most 2 entries (got 3)"]),
        ("flag: 1\nparts: [{size_m: 1}]", ["f:1: flag: must be true or false (got 1)"]),
        ("parts: [{size_m: 1}]\nflag: true", ["f:2: flag: flag needs two parts (got true)"]),
        ("flag: maybe\nparts:\n- {size_m: -1}\n- {size_m: x}",
         ["f:1: flag: must be true or false (got 'maybe')",
          "f:3: parts.0.size_m: is out of range, allowed 0 to 2000000 m (got -1)",
          "f:4: parts.1.size_m: must be a number, allowed 0 to 2000000 m (got 'x')"]),
    ],
)  # fmt: skip
def test_findings_become_one_line_each(text: str, said: list[str]) -> None:
    document = load_document("f", text)
    with pytest.raises(ValidationError) as found:
        _Outer.model_validate(document.data)
    assert [str(fault) for fault in faults_of(found.value, document, (), _Outer)] == said


def test_a_long_value_is_cut() -> None:
    document = load_document("f", f"parts: {'x' * 500}")
    with pytest.raises(ValidationError) as found:
        _Outer.model_validate(document.data)
    (fault,) = faults_of(found.value, document, (), _Outer)
    assert len(str(fault)) < 120


def test_plain_numbers() -> None:
    assert [plain(n) for n in (2e6, 0.001, 1e-5, 12.5, -430, 100000)] == [
        "2000000", "0.001", "1e-05", "12.5", "-430", "100000",
    ]  # fmt: skip
