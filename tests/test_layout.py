from __future__ import annotations

import unicodedata
from pathlib import PurePosixPath
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from exporter import layout
from exporter.layout import attachment_path, safe_name, space_folder, well_formed
from exporter.model import AttachmentId, Kind
from tests.names import a_title, check_name, check_paths

PNG = "x" * 116 + ".png"

# The rows of the list of faults that are about names: title, file name.
NAMES = [
    # 1: paths
    ("../../etc/passwd", "_.._.._etc_passwd"),
    ("/etc/passwd", "_etc_passwd"),
    ("C:\\Windows\\x.dll", "C__Windows_x.dll"),
    ("\\\\srv\\share", "__srv_share"),
    ("..\\x", "_.._x"),
    ("a/b.png", "a_b.png"),
    # 2: control characters
    ("a\x00b.txt", "ab.txt"),
    ("a\nb\r\t\x1b[2J\x7f.txt", "ab[2J.txt"),
    ("a\x85b", "ab"),
    # 3: bidi overrides, zero width, line separators
    ("gpj.\u202eexe", "gpj.exe"),
    ("\u200e\u200f\u202a\u202d\u2066\u2069\ufeffa", "a"),
    ("a\u2028b\u2029c", "abc"),
    # 4: devices of Windows
    ("CON", "_CON"),
    ("nul.txt", "_nul.txt"),
    ("Aux.tar.gz", "_Aux.tar.gz"),
    ("con.air.1997.nfo", "_con.air.1997.nfo"),
    ("prn ", "_prn"),
    ("com0", "_com0"),
    ("LPT9.log", "_LPT9.log"),
    ("COM¹", "_COM¹"),
    ("CONIN$", "_CONIN$"),
    ("conout$.txt", "_conout$.txt"),
    ("nul .txt", "_nul .txt"),
    ("nul\x00.txt", "_nul.txt"),
    ("console", "console"),
    ("com10", "com10"),
    ("acon.txt", "acon.txt"),
    # 5: what the shell or the system takes for something else
    ("a.", "a"),
    ("a. . ", "a"),
    ("-rf", "_-rf"),
    (".bashrc", "_.bashrc"),
    ("~root", "_~root"),
    ("", "att1"),
    (".", "att1"),
    ("..", "att1"),
    ("   ", "att1"),
    ("___", "att1"),
    ("\x00\u200b", "att1"),
    # 6: length in bytes
    (PNG, PNG),
    ("x" * 117 + ".png", PNG),
    ("é" * 128 + ".png", "é" * 58 + ".png"),
    ("😀" * 64, "😀" * 30),
    ("x" * 300 + "." + "e" * 17, "x" * 120),
    ("x" * 119 + "e\u0301", "x" * 119),
    ("." + " " * 130 + "x", "att1"),
    (". " * 70 + "x" * 20, "att1"),
    # 8: one form of Unicode
    ("u\u0308ber.txt", "\u00fcber.txt"),
    # 10: our own files
    (".tmp-0123456789abcdef", "_.tmp-0123456789abcdef"),
    (".lock", "_.lock"),
    # 11: the extension is kept, whatever it is
    ("x.desktop", "x.desktop"),
    # 12: what can't be encoded or stored
    ("a\ud800b.txt", "a\ufffdb.txt"),
    ("a\u0378b", "a\ufffdb"),
    ("Grüße 日本 ελ.pdf", "Grüße 日本 ελ.pdf"),
]


@pytest.mark.fault(1, 2, 3, 4, 5, 6, 10, 12)
@pytest.mark.parametrize(("title", "name"), NAMES)
def test_a_title_becomes_a_legal_name_that_says_the_same(title: str, name: str) -> None:
    assert safe_name(title, fallback="att1") == name


@pytest.mark.parametrize("title", [title for title, _ in NAMES])
def test_a_name_that_was_made_is_kept(title: str) -> None:
    made = safe_name(title, fallback="att1")
    assert safe_name(made, fallback="att1") == made


_hostile = st.text(
    st.one_of(
        st.characters(exclude_categories=()),
        st.sampled_from("./\\:. -~_\u202e\u200b\u0301\x00\nconulaxprt1¹$"),
    ),
    max_size=200,
)


@pytest.mark.fault(1, 2, 3, 4, 5, 6, 12)
@settings(max_examples=2_000)
@given(_hostile)
@example("con" + " " * 100)
def test_whatever_the_title_the_name_is_legal_everywhere(title: str) -> None:
    check_name(safe_name(title, fallback="att1"))


@pytest.mark.parametrize("title", ["con" + " " * 130 + "x", "nul" + " " * 200 + "x.txt"])
def test_a_name_that_was_cut_is_no_device(title: str) -> None:
    check_name(safe_name(title, fallback="att1"))


@pytest.mark.fault(8)
@settings(max_examples=2_000)
@given(st.integers(0, 1 << 64), st.integers(2, 4))
def test_no_two_paths_are_one_on_a_disk_that_folds_case_and_form(seed: int, count: int) -> None:
    draw = Random(seed)
    title = a_title(draw)
    alike = [title, title.upper(), unicodedata.normalize("NFD", title), a_title(draw)][:count]
    keys = check_paths([(f"att{number}", each) for number, each in enumerate(alike)])
    assert len(set(keys)) == count


@given(_hostile, st.text("abc7", min_size=1, max_size=15))
def test_a_name_keeps_its_extension(stem: str, extension: str) -> None:
    assert safe_name(f"a{stem}.{extension}", fallback="att1").endswith(f".{extension}")


@given(st.text(st.characters(categories=("L", "N")), min_size=1, max_size=100))
def test_a_name_that_was_made_is_made_of_itself(title: str) -> None:
    made = safe_name(title, fallback="att1")
    assert safe_name(made, fallback="att1") == made


@pytest.mark.parametrize(
    ("key", "folder"),
    [
        ("ENG", "ENG"),
        ("~712020a", "~712020a"),
        ("~", "~_"),
        ("~~x", "~_~x"),
        ("..", "_"),
        ("~..", "~_"),
        ("a/b", "a_b"),
        ("NUL", "_NUL"),
        ("", "_"),
    ],
)
def test_a_space_folder_is_named_by_its_key(key: str, folder: str) -> None:
    assert space_folder(key) == folder


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        (Kind.SPACE, "raw/space.json"),
        (Kind.PAGE, "raw/pages/7.json"),
        (Kind.BLOGPOST, "raw/blogposts/7.json"),
        (Kind.FOLDER, "raw/folders/7.json"),
        (Kind.WHITEBOARD, "raw/whiteboards/7.json"),
        (Kind.DATABASE, "raw/databases/7.json"),
        (Kind.EMBED, "raw/embeds/7.json"),
        (Kind.ATTACHMENT, "raw/attachments/7.json"),
    ],
)
def test_metadata_lie_in_the_folder_of_their_kind(kind: Kind, path: str) -> None:
    assert layout.metadata_path(kind, "7") == PurePosixPath(path)


def test_a_body_lies_beside_its_metadata() -> None:
    assert layout.storage_path(Kind.PAGE, "7") == PurePosixPath("raw/pages/7.storage.xml")


@pytest.mark.fault(9)
def test_two_attachments_of_one_title_never_meet() -> None:
    first, second = (attachment_path(AttachmentId(each), "plan.png") for each in ("att1", "att2"))
    assert (str(first), str(second)) == ("raw/attachments/att1/plan.png", "raw/attachments/att2/plan.png")


@pytest.mark.fault(1, 10)
@given(_hostile)
def test_an_attachment_stays_in_its_folder(title: str) -> None:
    path = attachment_path(AttachmentId("att1"), title)
    assert path.parts[:3] == ("raw", "attachments", "att1")
    assert len(path.parts) == 4
    assert not path.name.startswith(layout.TEMP_PREFIX)


@pytest.mark.fault(7)
def test_no_path_is_long_since_none_is_deeper_for_a_deeper_tree() -> None:
    page, file = "9" * 20, AttachmentId("att" + "9" * 20)
    moment = "2026-11-25T08:00:00.000000000Z"
    paths = [
        layout.storage_path(Kind.CUSTOM_CONTENT, page),
        layout.missing_comments_path(page),
        attachment_path(file, "x" * 300 + ".docx"),
        layout.old_attachment_path(f"{file}@{moment}", "x" * 300 + ".docx"),
    ]
    assert max(len(str(layout.TRASH / "2026-11-25" / path)) for path in paths) < 240


@pytest.mark.parametrize(
    ("text", "shown"), [("a\ud800b", "a\ufffdb"), ("\udc00", "\ufffd"), ("\ud83d\ude00", "😀"), ("ü", "ü")]
)
def test_lone_surrogates_are_made_visible(text: str, shown: str) -> None:
    assert well_formed(text) == shown
