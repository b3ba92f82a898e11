"""Bracket forms: PHP's reading of them, within limits, whatever comes."""

from typing import Any
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.errors import PayloadInvalid
from uzel.kit.brackets import MOST_FIELDS, path_of, read_brackets


@pytest.mark.parametrize(
    ("form", "tree"),
    [
        ("", {}),
        ("a=1", {"a": "1"}),
        ("a", {"a": ""}),
        ("a=", {"a": ""}),
        ("&&a=1&", {"a": "1"}),
        ("a=1=2", {"a": "1=2"}),
        ("a=x+y%20z", {"a": "x y z"}),
        ("a[b]=1", {"a": {"b": "1"}}),
        ("a[b][c][d]=1", {"a": {"b": {"c": {"d": "1"}}}}),
        ("a%5Bb%5D=1&a%5bc%5d=2", {"a": {"b": "1", "c": "2"}}),
        ("a[0][id]=1&a[0][n]=x&a[1][id]=2", {"a": {"0": {"id": "1", "n": "x"}, "1": {"id": "2"}}}),
    ],
)
def test_names_say_where_values_belong(form: str, tree: dict[str, Any]) -> None:
    assert read_brackets(form.encode()) == tree


@pytest.mark.parametrize(
    ("form", "tree"),
    [
        ("a[]=1&a[]=2", {"a": {"0": "1", "1": "2"}}),
        ("a[ ]=1&a[\t]=2", {"a": {"0": "1", "1": "2"}}),
        ("a[5]=1&a[]=2&a[3]=3&a[]=4", {"a": {"5": "1", "6": "2", "3": "3", "7": "4"}}),
        ("a[99]=1&a[]=2", {"a": {"99": "1", "100": "2"}}),
        ("a[1000000000]=1&a[]=2", {"a": {"1000000000": "1", "1000000001": "2"}}),
        ("a[-5]=1&a[]=2", {"a": {"-5": "1", "0": "2"}}),
        ("a[007]=1&a[]=2", {"a": {"007": "1", "0": "2"}}),
        ("a[x]=1&a[]=2", {"a": {"x": "1", "0": "2"}}),
        ("a[][b]=1&a[][b]=2", {"a": {"0": {"b": "1"}, "1": {"b": "2"}}}),
        # PHP_INT_MAX is the last place there is; larger digits are a name like any other.
        ("a[9223372036854775807]=1&a[]=2", {"a": {"9223372036854775807": "1"}}),
        ("a[9223372036854775807]=1&a[][b]=2", {"a": {"9223372036854775807": "1"}}),
        ("a[9223372036854775808]=1&a[]=2", {"a": {"9223372036854775808": "1", "0": "2"}}),
    ],
)
def test_empty_brackets_take_the_next_number(form: str, tree: dict[str, Any]) -> None:
    assert read_brackets(form.encode()) == tree


@pytest.mark.parametrize(
    ("form", "tree"),
    [
        ("a=1&a=2", {"a": "2"}),
        ("a[b]=1&a[b]=2", {"a": {"b": "2"}}),
        ("a=1&a[b]=2", {"a": {"b": "2"}}),
        ("a[b]=1&a=2", {"a": "2"}),
        ("a[b]=1&a[b][c]=2&a[d]=3", {"a": {"b": {"c": "2"}, "d": "3"}}),
        ("a[]=1&a=x&a[]=2", {"a": {"0": "2"}}),
    ],
)
def test_of_two_the_last_counts(form: str, tree: dict[str, Any]) -> None:
    assert read_brackets(form.encode()) == tree


@pytest.mark.parametrize(
    ("form", "tree"),
    [
        ("[a]=1&b=2", {"b": "2"}),
        ("[]=1", {}),
        ("=1", {}),
        ("a[b=1", {"a_b": "1"}),
        ("a[b.c d=1", {"a_b_c_d": "1"}),
        ("a[b]c=1", {"a": {"b": "1"}}),
        ("a[b][x]=0&a[b][c=1&a[b][=2", {"a": {"b": {"x": "0"}}}),
        ("a[[b]=1", {"a": {"[b": "1"}}),
        ("a[]]=1", {"a": {"0": "1"}}),
        ("a]=1", {"a]": "1"}),
        ("a.b c=1&d.e[f.g h]=2", {"a_b_c": "1", "d_e": {"f.g h": "2"}}),
        ("  a=1", {"a": "1"}),
        ("a[ b]=1", {"a": {" b": "1"}}),
        ("__proto__[polluted]=yes", {"__proto__": {"polluted": "yes"}}),
        ("a[__class__][__init__]=1", {"a": {"__class__": {"__init__": "1"}}}),
    ],
)
def test_crooked_and_hostile_names_cost_nothing_else(form: str, tree: dict[str, Any]) -> None:
    assert read_brackets(form.encode()) == tree


def test_what_is_no_text_costs_nothing_else() -> None:
    assert read_brackets(b"a=%ff%00&\xff=1&b=\xd0") == {
        "a": "\ufffd\x00",
        "\ufffd": "1",
        "b": "\ufffd",
    }


def test_a_byte_order_mark_is_skipped() -> None:
    assert read_brackets("\ufeffa[b]=1".encode()) == {"a": {"b": "1"}}


def test_limits_are_refused_and_their_edges_are_not() -> None:
    most = {"most_fields": 3, "most_levels": 3, "longest_name": 9}
    assert read_brackets(b"a=1&b=2&c=3", **most) == {"a": "1", "b": "2", "c": "3"}
    assert read_brackets(b"a[bb][cc]=1", **most) == {"a": {"bb": {"cc": "1"}}}
    for form in (b"a=1&b=2&c=3&d=4", b"a[b][c][]=1", b"a" * 10 + b"=1", b"%61" * 10):
        with pytest.raises(PayloadInvalid):
            read_brackets(form, **most)


@pytest.mark.parametrize(
    "form",
    [b"a" + b"[b]" * 100_000, b"a" * 200_000, b"a[" * 100_000, b"&".join([b"a=1"] * 6000)],
)
def test_what_is_meant_to_exhaust_us_is_refused(form: bytes) -> None:
    with pytest.raises(PayloadInvalid):
        read_brackets(form)


def test_as_many_pushes_as_fit_are_counted_once_each() -> None:
    tree = read_brackets(b"&".join([b"a[]=1"] * MOST_FIELDS))
    assert list(tree["a"]) == [str(index) for index in range(MOST_FIELDS)]


PARTS = st.text(st.characters(exclude_characters="[]", exclude_categories=["Cs"]), min_size=1)
INNER = PARTS.filter(lambda part: part not in set(" \t\n\r\v\f"))
OUTER = PARTS.filter(lambda part: not set(part) & set(" .") and part[0] != "\ufeff")
VALUES = st.text(st.characters(exclude_categories=["Cs"]))
TREES = st.dictionaries(
    OUTER,
    st.recursive(
        VALUES,
        lambda inner: (
            st.dictionaries(INNER, inner, min_size=1, max_size=4)
            | st.lists(inner, min_size=1, max_size=4)
        ),
        max_leaves=12,
    ),
    max_size=4,
)


def written(tree: Any, name: str = "") -> list[tuple[str, str]]:
    """The fields PHP's `http_build_query` gives for a tree."""
    if isinstance(tree, str):
        return [(name, tree)]
    items = enumerate(tree) if isinstance(tree, list) else tree.items()
    return [
        field
        for part, inner in items
        for field in written(inner, f"{name}[{part}]" if name else str(part))
    ]


def with_indices(tree: Any) -> Any:
    """The tree with every list as what its indices lead to."""
    if isinstance(tree, str):
        return tree
    items = enumerate(tree) if isinstance(tree, list) else tree.items()
    return {str(part): with_indices(inner) for part, inner in items}


@given(TREES)
def test_what_php_would_write_is_read_back(tree: dict[str, Any]) -> None:
    assert read_brackets(urlencode(written(tree)).encode()) == with_indices(tree)


@given(TREES)
def test_brackets_may_be_encoded_or_not(tree: dict[str, Any]) -> None:
    forms = [
        "&".join(f"{quote(name, safe=safe)}={quote_plus(value)}" for name, value in written(tree))
        for safe in ("", "[]")
    ]
    assert read_brackets(forms[0].encode()) == read_brackets(forms[1].encode())


@given(st.binary(max_size=200) | st.text("ab01[]=&%. ", max_size=80).map(str.encode))
def test_any_body_is_a_tree_of_texts(body: bytes) -> None:
    left = [read_brackets(body)]
    while left:
        for name, value in left.pop().items():
            assert isinstance(name, str)
            assert isinstance(value, str | dict)
            left += [value] if isinstance(value, dict) else []


@given(st.text("ab[] .", max_size=30))
def test_a_path_has_no_more_parts_than_brackets_and_a_first_part_that_is_a_name(name: str) -> None:
    path = path_of(name)
    assert len(path) <= 1 + name.count("]")
    assert not path or path[0]
