"""What VTQL takes and how it refuses the rest, word for word."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from uzel.crm.refusal import Refused
from uzel.crm.vtql.parser import LARGEST, MOST, module_named, parse
from uzel.crm.vtql.query import Comparison, Operator, Query

UNREADABLE = ("INTERNAL_SERVER_ERROR", "Unknown Error while processing request")
SYNTAX = "QUERY_SYNTAX_ERROR"
OPERATORS = "EQ,LT,GT,LTE,GTE,NE,IN,LIKE"
CLAUSES = "WHERE,ORDERBY,LIMIT,SEMICOLON"


def refused(text: str) -> tuple[str, str]:
    with pytest.raises(Refused) as refusal:
        parse(text)
    return refusal.value.code, refusal.value.message


def where(text: str) -> tuple[tuple[Comparison, ...], ...]:
    return parse(f"select * from Contacts where {text};").where


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("select * from Contacts;", Query("Contacts")),
        ("SELECT * FROM Contacts ;", Query("Contacts")),
        ("\tsElEcT *\r\nfRoM\n\nContacts\n;\n ", Query("Contacts")),
        ("select count(*) from Contacts;", Query("Contacts", is_count=True)),
        ("select COUNT ( * )from Contacts;", Query("Contacts", is_count=True)),
        ("select id from Users;", Query("Users", ("id",))),
        ("select lastname , firstname,id from X;", Query("X", ("lastname", "firstname", "id"))),
        ("select select, by, where from X;", Query("X", ("select", "by", "where"))),
        ("select*from X limit 5;", Query("X", limit=5)),
        ("select * from X limit 7, 100;", Query("X", offset=7, limit=100)),
        ("select * from X limit 0007,000;", Query("X", offset=7, limit=0)),
        ("select * from X order by id;", Query("X", order=("id",))),
        ("select * from X ORDER\nBY a,b ASC;", Query("X", order=("a", "b"))),
        ("select * from X order by by desc;", Query("X", order=("by",), is_descending=True)),
        (
            "select a from X where b = 'c' order by d desc limit 1,2;",
            Query(
                "X",
                ("a",),
                where=((Comparison("b", Operator.EQUAL, ("c",)),),),
                order=("d",),
                is_descending=True,
                offset=1,
                limit=2,
            ),
        ),
    ],
)
def test_what_is_taken(text: str, query: Query) -> None:
    assert parse(text) == query


@pytest.mark.parametrize(
    ("text", "operator", "values"),
    [
        ("a = 'b'", Operator.EQUAL, ("b",)),
        ("a='b'", Operator.EQUAL, ("b",)),
        ("a != b", Operator.DIFFERENT, ("b",)),
        ("a<5", Operator.LESS, ("5",)),
        ("a > -5", Operator.GREATER, ("-5",)),
        ("a <= +5", Operator.AT_MOST, ("+5",)),
        ("a >= 007", Operator.AT_LEAST, ("007",)),
        ("a like '%b_'", Operator.LIKE, ("%b_",)),
        ("a LIKE b", Operator.LIKE, ("b",)),
        ("a in (1)", Operator.IN, ("1",)),
        ("a In('b' ,c, -1)", Operator.IN, ("b", "c", "-1")),
        ("a = 'it''s'", Operator.EQUAL, ("it's",)),
        ("a = ''''", Operator.EQUAL, ("'",)),
        ("a = ''''''", Operator.EQUAL, ("''",)),
        ("a = 'back\\slash'", Operator.EQUAL, ("back\\slash",)),
        ("a = ';'", Operator.EQUAL, (";",)),
        ("a = 'one\ntwo'", Operator.EQUAL, ("one\ntwo",)),
        ("a = 'Ёж \U0001f994 \"x\"'", Operator.EQUAL, ('Ёж \U0001f994 "x"',)),
        ("a = select", Operator.EQUAL, ("select",)),
        ("a = asc", Operator.EQUAL, ("asc",)),
        ("a = '1.5'", Operator.EQUAL, ("1.5",)),
    ],
)
def test_comparisons(text: str, operator: Operator, values: tuple[str, ...]) -> None:
    assert where(text) == ((Comparison("a", operator, values),),)


def test_and_binds_tighter_than_or() -> None:
    groups = where("a=1 and b=2 or c=3 OR d=4 AND e=5 and f=6")
    assert [[one.column for one in group] for group in groups] == [
        ["a", "b"],
        ["c"],
        ["d", "e", "f"],
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "select * from X ",
            f"line 1: token '' Unexpected End of Input(0), expected one of: {CLAUSES}",
        ),
        ("foo * from X;", "line 1: token 'foo' Unexpected Unknown(foo), expected one of: SELECT"),
        (
            "select from X;",
            "line 1: token 'from' Unexpected FRM(from), expected one of: ASTERISK,COUNT,COLUMNNAME",
        ),
        (
            "select *, a from X;",
            "line 1: token ',' Unexpected COMMA(,), expected one of: FRM",
        ),
        (
            "select a,* from X;",
            "line 1: token '*' Unexpected ASTERISK(*), expected one of: COLUMNNAME",
        ),
        (
            "select a b from X;",
            "line 1: token 'b' Unexpected COLUMNNAME(b), expected one of: COMMA,FRM",
        ),
        (
            "select a as b from X;",
            "line 1: token 'as' Unexpected COLUMNNAME(as), expected one of: COMMA,FRM",
        ),
        (
            "select count(a) from X;",
            "line 1: token 'a' Unexpected COLUMNNAME(a), expected one of: ASTERISK",
        ),
        (
            "select count from X;",
            "line 1: token 'from' Unexpected FRM(from), expected one of: PARENOPEN",
        ),
        (
            "select * from where a=1;",
            "line 1: token 'where' Unexpected WHERE(where), expected one of: TABLENAME",
        ),
        (
            "select * from X y;",
            f"line 1: token 'y' Unexpected COLUMNNAME(y), expected one of: {CLAUSES}",
        ),
        (
            "select * from X,Y;",
            f"line 1: token ',' Unexpected COMMA(,), expected one of: {CLAUSES}",
        ),
        (
            "select *\nfrom X\nwhere\n (a = 1);",
            "line 4: token '(' Unexpected PARENOPEN((), expected one of: COLUMNNAME",
        ),
        (
            "select * from X where a;",
            f"line 1: token ';' Unexpected SEMICOLON(;), expected one of: {OPERATORS}",
        ),
        (
            "select * from X where a is null;",
            f"line 1: token 'is' Unexpected VALUE(is), expected one of: {OPERATORS}",
        ),
        (
            "select * from X where a not in (1);",
            f"line 1: token 'not' Unexpected VALUE(not), expected one of: {OPERATORS}",
        ),
        (
            "select * from X where a between 1 and 2;",
            f"line 1: token 'between' Unexpected VALUE(between), expected one of: {OPERATORS}",
        ),
        (
            "select * from X where a == 1;",
            "line 1: token '=' Unexpected EQ(=), expected one of: VALUE",
        ),
        (
            "select * from X where a = ;",
            "line 1: token ';' Unexpected SEMICOLON(;), expected one of: VALUE",
        ),
        (
            "select * from X where a = (select b from Y);",
            "line 1: token '(' Unexpected PARENOPEN((), expected one of: VALUE",
        ),
        (
            "select * from X where a in b;",
            "line 1: token 'b' Unexpected VALUE(b), expected one of: PARENOPEN",
        ),
        (
            "select * from X where a in ();",
            "line 1: token ')' Unexpected PARENCLOSE()), expected one of: VALUE",
        ),
        (
            "select * from X where a in (1;",
            "line 1: token ';' Unexpected SEMICOLON(;), expected one of: COMMA,PARENCLOSE",
        ),
        (
            "select * from X where a = 1 and;",
            "line 1: token ';' Unexpected SEMICOLON(;), expected one of: COLUMNNAME",
        ),
        (
            "select * from X where a = 1",
            "line 1: token '' Unexpected End of Input(0), "
            "expected one of: LOGICAL_AND,LOGICAL_OR,ORDERBY,LIMIT,SEMICOLON",
        ),
        (
            "select * from X order a;",
            "line 1: token 'a' Unexpected COLUMNNAME(a), expected one of: ORDERBY",
        ),
        (
            "select * from X order by a desc, b asc;",
            "line 1: token ',' Unexpected COMMA(,), expected one of: LIMIT,SEMICOLON",
        ),
        (
            "select * from X order by a b;",
            "line 1: token 'b' Unexpected COLUMNNAME(b), "
            "expected one of: COMMA,ASC,DESC,LIMIT,SEMICOLON",
        ),
        (
            "select * from X limit;",
            "line 1: token ';' Unexpected SEMICOLON(;), expected one of: VALUE",
        ),
        (
            "select * from X limit 1 offset 2;",
            "line 1: token 'offset' Unexpected COLUMNNAME(offset), "
            "expected one of: COMMA,SEMICOLON",
        ),
        (
            "select * from X limit 1 where a=1;",
            "line 1: token 'where' Unexpected WHERE(where), expected one of: COMMA,SEMICOLON",
        ),
        (
            "select * from X; select * from Y;",
            "line 1: token 'select' Unexpected COLUMNNAME(select), expected one of: End of Input",
        ),
    ],
)
def test_syntax_errors(text: str, message: str) -> None:
    assert refused(text) == (SYNTAX, f"Syntax Error on {message}")


@pytest.mark.parametrize("value", ["'secret'", "79990000001", "-79990000001"])
def test_messages_repeat_no_value(value: str) -> None:
    code, message = refused(f"select * from X where mobile {value};")
    assert code == SYNTAX
    assert "token '...' Unexpected VALUE(...)" in message


def test_messages_repeat_little() -> None:
    _, message = refused(f"select {'a' * 1000} {'b' * 1000} from X;")
    assert "b" * 64 in message
    assert "b" * 65 not in message


@pytest.mark.parametrize(
    "text",
    [
        "a = ''",
        "a = '' and b = 'c'",
        "a in ('b','')",
        "a = 'b",
        "a = '''",
        "a = 'b''",
        "a = 1.5",
        "a <> 1",
        'a = "b"',
        "a = b-c",
        "a = -",
        "a ! 1",
        "фамилия = 'b'",
        "a = ё",
        "a = 1 -- b",
        "a = 1 /* b */",
        "a\v= 1",
        "a =\xa01",
        "a = \x00",
        "a = \ud800",
        "a.b = 1",
        "a = 1 # b",
        "`a` = 1",
        "a = $1",
    ],
)
def test_what_is_no_token(text: str) -> None:
    assert refused(f"select * from X where {text};") == UNREADABLE


def test_the_first_error_counts() -> None:
    assert refused("select * from X where ) = ''; ")[0] == SYNTAX
    assert refused("select * from X where '' = )")[0] == "INTERNAL_SERVER_ERROR"


@pytest.mark.parametrize(
    "text", ["", ";", "select *", "delete Contacts;", "select * from", "select * from ;"]
)
def test_a_query_that_names_no_module(text: str) -> None:
    message = "Permission to perform the operation is denied for query"
    assert refused(text) == ("ACCESS_DENIED", message)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("select * from Contacts;", "Contacts"),
        ("drop table x FROM \t\n Contacts where", "Contacts"),
        ("from 'Contacts';", "'Contacts'"),
        ("select from from Contacts;", "from"),
        ("afrom X;", "X"),
    ],
)
def test_the_module_is_found_before_the_query_is_read(text: str, name: str) -> None:
    assert module_named(text) == name


@pytest.mark.parametrize("text", ["-5", "'5'", "five", "5x", "5, -1", "ten, 5", "+1"])
def test_limit_takes_digits(text: str) -> None:
    """vtiger writes what stands there into its statement, and MySQL refuses that."""
    code, message = refused(f"select * from X limit {text};")
    assert code == "DATABASE_QUERY_ERROR"
    assert message == "Database error while performing requested operation"


@pytest.mark.parametrize("digits", [str(2**31), "9" * 5000, "0" * 50 + "9" * 50])
def test_numbers_of_limit_have_a_bound(digits: str) -> None:
    query = parse(f"select * from X limit {digits},{digits};")
    assert (query.offset, query.limit) == (LARGEST, LARGEST)


def listed(count: int) -> str:
    return ",".join(["a"] * count)


def joined(count: int) -> str:
    return " or ".join(["a=1"] * count)


@pytest.mark.parametrize(
    ("begin", "repeat", "end", "what"),
    [
        ("select ", listed, " from X;", "columns"),
        ("select * from X order by ", listed, ";", "columns"),
        ("select * from X where a in (", listed, ");", "values in a list"),
        ("select * from X where ", joined, ";", "conditions"),
    ],
)
def test_bounds(begin: str, repeat: Callable[[int], str], end: str, what: str) -> None:
    parse(begin + repeat(MOST) + end)
    assert refused(begin + repeat(MOST + 1) + end) == (SYNTAX, f"There are more than 500 {what}")


@pytest.mark.parametrize("letter", ["a", "ё"])
def test_a_query_has_a_longest(letter: str) -> None:
    frame = "select * from X where a = '{}';"
    room = (65_536 - len(frame) + 2) // len(letter.encode())
    assert parse(frame.format(letter * room)).where[0][0].values == (letter * room,)
    message = "The query is longer than 65536 bytes"
    assert refused(frame.format(letter * (room + 1))) == (SYNTAX, message)


WRITTEN = "select a , from_b from Contacts where a = 'from X ;' or b in ( 1 ) order by a limit 5 ;"


@given(
    st.lists(st.tuples(st.integers(0, 25), st.sampled_from(("from", "FROM", "a from", "X", ";")))),
    st.sampled_from((" ", "\n", "\t")),
)
def test_a_query_is_about_the_module_found_before(more: list[tuple[int, str]], blank: str) -> None:
    words = WRITTEN.split(" ")
    for place, word in more[:2]:
        words.insert(place, word)
    text = blank.join(words)
    try:
        query = parse(text)
    except Refused:
        assert more
        return
    assert query.module == module_named(text)


columns = st.sampled_from(("a", "b1", "cf_x"))
values = st.one_of(
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=5), st.sampled_from(("'", "''", ";"))
)
comparisons = st.one_of(
    st.builds(
        Comparison,
        columns,
        st.sampled_from([one for one in Operator if one is not Operator.IN]),
        st.tuples(values),
    ),
    st.builds(
        Comparison,
        columns,
        st.just(Operator.IN),
        st.lists(values, min_size=1, max_size=3).map(tuple),
    ),
)
names = st.lists(columns, min_size=1, max_size=3).map(tuple)
queries = st.builds(
    Query,
    st.just("Contacts"),
    st.none() | names,
    st.just(False),
    st.lists(st.lists(comparisons, min_size=1, max_size=3).map(tuple), max_size=3).map(tuple),
    names,
    st.booleans(),
    st.integers(0, LARGEST),
    st.integers(0, LARGEST),
)


def written(query: Query) -> str:
    """A query as a client writes it."""

    def quoted(value: str) -> str:
        return "'" + value.replace("'", "''") + "'"

    def compared(one: Comparison) -> str:
        values = ",".join(map(quoted, one.values))
        right = f"({values})" if one.operator is Operator.IN else values
        return f"{one.column} {one.operator} {right}"

    groups = " or ".join(" and ".join(map(compared, group)) for group in query.where)
    return (
        f"select {','.join(query.columns or ('*',))} from {query.module}"
        f"{' where ' + groups if groups else ''}"
        f" order by {','.join(query.order)} {'desc' if query.is_descending else 'asc'}"
        f" limit {query.offset},{query.limit};"
    )


@given(queries)
def test_what_is_written_is_read(query: Query) -> None:
    assert parse(written(query)) == query
