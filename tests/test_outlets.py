"""One name per outlet: the shipped table, a user's own, the rules for spellings and addresses."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from framing.errors import InputError
from framing.outlets import OutletNames, load_outlets, read_outlets

SHIPPED = Path(__file__).parents[1] / "corpus" / "outlets.csv"


@pytest.fixture(scope="module")
def names() -> OutletNames:
    return load_outlets(None, shipped=SHIPPED)


def name_of(names: OutletNames, outlet: str | None, url: str | None = None) -> str | None:
    found = names.canonical(outlet, url)
    return found.name if found else None


def save(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


def test_the_shipped_table_has_hundreds_of_outlets_and_none_shares_a_spelling_or_domain() -> None:
    outlets = read_outlets(SHIPPED)  # raises where two share one
    assert len(outlets) >= 300
    assert {"GB", "US", "IE", "CA", "AU", "NZ"} <= {outlet.country for outlet in outlets}
    with SHIPPED.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert all(len(row["country"]) == 2 and row["country"].isupper() for row in rows)
    assert all(cell == cell.strip() for row in rows for cell in row.values())


def test_every_spelling_and_domain_of_the_shipped_table_leads_to_its_outlet(names: OutletNames) -> None:
    for outlet in read_outlets(SHIPPED):
        for spelling in (outlet.name, *outlet.aliases, outlet.name.upper()):
            assert name_of(names, spelling) == outlet.name, spelling
        for host in outlet.hosts:
            assert name_of(names, None, f"https://www.{host}/news/a-story.html?x=1") == outlet.name


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("Guardian", "The Guardian"),
        ("GUARDIAN, THE", "The Guardian"),
        ("The Guardian (London)", "The Guardian"),
        ("The Guardian; London (UK)", "The Guardian"),
        ("www.guardian.co.uk", "The Guardian"),
        ("CNN (Web News)", "CNN"),
        ("NPR Online News", "NPR"),
        ("Fox Online News", "Fox News"),
        ("Fox News Opinion", "Fox News"),
        ("Wall Street Journal - News", "The Wall Street Journal"),
        ("New York Times, Late Edition (East Coast); New York, N.Y.", "The New York Times"),
        ("Financial Times ; London (UK)", "Financial Times"),
        ("Evening Standard (London, England)", "Evening Standard"),
        ("The Times, London", "The Times"),
        ("Irish Times Online", "The Irish Times"),
        ("  the   scotsman ", "The Scotsman"),
        ("Democracy Now", "Democracy Now!"),
        ("LA Times", "Los Angeles Times"),
    ],
)
def test_spellings_of_databases_are_known(names: OutletNames, spelling: str, name: str) -> None:
    assert name_of(names, spelling) == name


@pytest.mark.parametrize(
    ("spelling", "name"),
    [
        ("The Guardian (Nigeria)", "The Guardian (Nigeria)"),
        ("The Sun (Nairobi)", "The Sun (Nairobi)"),
        ("The Sun (Baltimore)", "The Baltimore Sun"),
        ("Daily Telegraph (Australia)", "The Daily Telegraph (Sydney)"),
        ("The Observer (New York)", "New York Observer"),
        ("Sun News", "Sun News"),
        ("Star Online", "Star Online"),
        ("Herald", "Herald"),
        ("Ada Example (Wall Street Journal)", "Ada Example (Wall Street Journal)"),
        ("Northwick Times", "Northwick Times"),
    ],
)
def test_outlets_of_like_names_are_not_taken_for_one_another(names: OutletNames, spelling: str, name: str) -> None:
    assert name_of(names, spelling) == name


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://www.theguardian.com/uk-news/2020/jan/24/story", "The Guardian"),
        ("http://politicalticker.blogs.cnn.com/2012/story/", "CNN"),
        ("https://edinburghnews.scotsman.com/news/1", "Edinburgh Evening News"),
        ("https://www.scotsman.com/news/1", "The Scotsman"),
        ("https://web.archive.org/web/2019/https://www.bbc.co.uk/news/1", "BBC News"),
        ("www.romfordrecorder.co.uk/news", "Romford Recorder"),
        ("https://nottheguardian.com/a", None),
        ("https://theguardian.com.example.org/a", None),
        ("https://example.co.uk/guardian.co.uk", None),
        ("http://[broken", None),
        ("", None),
    ],
)
def test_without_a_name_the_domain_tells(names: OutletNames, url: str, name: str | None) -> None:
    found = names.canonical(None, url)
    assert (found.name if found else None) == name
    assert found is None or found.source == "url"


def test_a_name_wins_over_the_url_which_tells_apart_outlets_of_one_name() -> None:
    names = load_outlets(None, shipped=SHIPPED)
    glasgow, tacoma = "https://www.heraldscotland.com/news/1", "https://www.example.com/1"
    assert name_of(names, "Guest Writer", "https://www.cnn.com/1") == "Guest Writer"
    assert name_of(names, "The Herald", glasgow) == "The Herald (Glasgow)"
    assert name_of(names, "The Herald", tacoma) == "The Herald"


def test_unknown_names_take_the_spelling_met_first_and_what_was_merged_is_counted() -> None:
    names = load_outlets(None, shipped=SHIPPED)
    given_names = ["Northwick Post", "The Northwick Post", "NORTHWICK POST", "Northwick Post", "Northwick Poster"]
    assert [name_of(names, each) for each in given_names] == ["Northwick Post"] * 4 + ["Northwick Poster"]
    assert [name_of(names, each) for each in ("Guardian", "guardian.co.uk", "Guardian", None)] == [
        "The Guardian"
    ] * 3 + [None]
    assert names.merges == {
        "Northwick Post": {"NORTHWICK POST": 1, "The Northwick Post": 1},
        "The Guardian": {"Guardian": 2, "guardian.co.uk": 1},
    }


def test_a_users_table_wins(tmp_path: Path) -> None:
    own = save(
        tmp_path / "own.csv",
        "name,domain,aliases,country\n"
        "Guardian,,,\n"
        "BBC,,BBC News;BBC Three,GB\n"
        "Northwick Post,northwick.example,NP;np.example,GB\n"
        "Page 6,pagesix.com,,\n",
    )
    names = load_outlets(own, shipped=SHIPPED)
    assert name_of(names, "The Guardian (London)") == name_of(names, None, "https://theguardian.com/1") == "Guardian"
    assert name_of(names, None, "https://www.bbc.co.uk/news/1") == "BBC"
    assert name_of(names, "np") == name_of(names, None, "http://www.np.example/1") == "Northwick Post"
    assert name_of(names, "Northwick Post (London)") == "Northwick Post"
    assert name_of(names, None, "https://pagesix.com/1") == "Page 6"
    assert name_of(names, "Page Six") == "Page Six"
    assert name_of(names, "CNN (Web News)") == "CNN"


def test_a_table_may_be_as_a_spreadsheet_saves_it(tmp_path: Path) -> None:
    own = tmp_path / "own.csv"
    own.write_bytes('Name,Aliases\r\n"Café, Nord","CN;Caf\u00e9"\r\n,\r\n'.encode("cp1252"))
    assert name_of(load_outlets(own, shipped=SHIPPED), "cn") == "Café, Nord"


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ("name,alias\nA,B\n", 'own.csv:1: found the unknown column "alias"'),
        ("name;aliases\nA;B\n", 'own.csv:1: found the unknown column "name;aliases"'),
        ("domain\na.example\n", 'own.csv:1: found no column "name"'),
        ("name,name\nA,B\n", 'own.csv:1: found the column twice "name"'),
        ("name,aliases\nA,\n,B\n", "own.csv:3: the name is empty"),
        ("name,aliases\nA,X;Y\nB,the x\n", 'own.csv:3: "x" of "B" belongs to "A" on line 2'),
        ("name,aliases\nA,\nThe A,\n", 'own.csv:3: "a" of "The A" belongs to "A" on line 2'),
        ("name,domain\nA,a.example\nB,www.a.example\n", 'own.csv:3: "a.example" of "B" belongs to "A"'),
        ("name,domain\nA,no domain\n", 'own.csv:2: found the domain "no domain"'),
        ("name,aliases\nA,B,C\n", "own.csv:2: found 3 cells, expected 2"),
        ('name\n"A\n', "own.csv:2: no CSV"),
        ("", "own.csv:1: found no column"),
        ("\0\0", "own.csv: the table of outlets cannot be read"),
    ],
)
def test_a_wrong_table_is_refused_with_file_and_line(tmp_path: Path, table: str, message: str) -> None:
    own = save(tmp_path / "own.csv", table)
    with pytest.raises(InputError) as caught:
        load_outlets(own, shipped=SHIPPED)
    assert message in str(caught.value)


def test_a_table_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"none\.csv: the table of outlets cannot be read"):
        load_outlets(tmp_path / "none.csv", shipped=SHIPPED)


@settings(max_examples=200, deadline=None)
@given(outlet=st.none() | st.text(max_size=300), url=st.none() | st.text(max_size=300))
def test_no_name_or_url_crashes_and_a_name_is_its_own_canonical(
    names: OutletNames, outlet: str | None, url: str | None
) -> None:
    found = names.canonical(outlet, url)
    assert found or not (outlet or "").strip()
    if found:
        assert found.name.strip()
        again = names.canonical(found.name, url)
        assert again and again.name == found.name


@pytest.mark.parametrize("sign", ["a", " ", "(", ";", "-", ": ", "a.", "()", "a ", " - a", "The "])
def test_endless_names_and_urls_do_not_hang(names: OutletNames, sign: str) -> None:
    names.canonical(sign * 200_000, "http://" + sign * 200_000)
    names.canonical("x" + sign * 99, None)


@settings(max_examples=100, deadline=None)
@given(table=st.binary(max_size=300) | st.text('name,doia\n;".', max_size=80).map(str.encode))
def test_any_bytes_make_a_table_or_a_clear_error(tmp_path_factory: pytest.TempPathFactory, table: bytes) -> None:
    own = tmp_path_factory.mktemp("fuzz") / "own.csv"
    own.write_bytes(table)
    try:
        read_outlets(own)
    except InputError as error:
        assert "own.csv" in str(error)
