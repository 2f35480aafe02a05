"""Reading YAML: what stays text, which faults are found, and where."""

from __future__ import annotations

from pathlib import Path

import pytest

from portal.content.faults import ContentError, Fault
from portal.content.reading import Strict, Texts, read, read_models


def written(folder: Path, text: str, name: str = "some.yaml") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def refused(path: Path) -> list[str]:
    with pytest.raises(ContentError) as caught:
        read(path)
    return [str(fault) for fault in caught.value.faults]


def test_only_plain_numbers_and_true_or_false_are_not_text(tmp_path: Path) -> None:
    text = """
    words: [yes, no, on, off, Null, ~, 2026-01-01, 1_0, 0x1f, 1.5, 010, +1, 12:30, True, "7", '', <<]
    numbers: [0, 7, -3, 120]
    truths: [true, false]
    """
    assert read(written(tmp_path, text)).data == {
        "words": [
            *(
                "yes",
                "no",
                "on",
                "off",
                "Null",
                "~",
                "2026-01-01",
                "1_0",
                "0x1f",
                "1.5",
                "010",
                "+1",
                "12:30",
            ),
            *("True", "7", "", "<<"),
        ],
        "numbers": [0, 7, -3, 120],
        "truths": [True, False],
    }


class Shop(Strict):
    name: Texts
    rooms: list[Texts]


SHOP = """\
name: {en: Shop, es: Tienda}
rooms:
  - en: One
    es: Uno
  - en: Two
    es: Dos
"""


def test_a_document_finds_the_line_of_a_place(tmp_path: Path) -> None:
    document = read(written(tmp_path, SHOP))
    places = [
        (),
        ("name",),
        ("name", "es"),
        ("rooms",),
        ("rooms", 1),
        ("rooms", 1, "es"),
        ("rooms", 7),
        ("x", "y"),
    ]
    assert [document.line(*place) for place in places] == [1, 1, 1, 2, 5, 6, 2, 1]
    assert document.line("rooms", "en") == 2
    assert document.line("name", "en", "deeper") == 1
    assert document.fault("odd", "rooms", 1) == Fault("some.yaml", 5, "odd")


def test_a_sound_document_becomes_its_model(tmp_path: Path) -> None:
    shop = read(written(tmp_path, SHOP)).as_model(Shop)
    assert [room.wording().in_locale("es") for room in shop.rooms] == ["Uno", "Dos"]


def test_every_fault_of_a_file_comes_at_once_with_doubled_keys(tmp_path: Path) -> None:
    text = SHOP.replace("es: Uno", "es: ''").replace("    es: Dos", "    es: Dos\n    en: Too\n    fr: Deux")
    path = written(tmp_path, f"{text}rooms: []\n")
    with pytest.raises(ContentError) as caught:
        read(path).as_model(Shop)
    assert [str(fault) for fault in caught.value.faults] == [
        "some.yaml:7: the key 'en' stands twice",
        "some.yaml:9: the key 'rooms' stands twice",
    ]
    with pytest.raises(ContentError) as caught:
        read(written(tmp_path, text)).as_model(Shop)
    assert str(caught.value) == (
        "some.yaml:4: rooms.0.es: String should have at least 1 character\n"
        "some.yaml:7: the key 'en' stands twice\n"
        "some.yaml:8: rooms.1.fr: Extra inputs are not permitted"
    )


def test_doubled_keys_alone_are_refused(tmp_path: Path) -> None:
    path = written(tmp_path, f"{SHOP}name: {{en: A, es: B}}\n")
    with pytest.raises(ContentError, match="7: the key 'name' stands twice"):
        read(path).as_model(Shop)


def test_a_file_that_is_no_mapping_says_so(tmp_path: Path) -> None:
    with pytest.raises(ContentError, match=r"some\.yaml:1: file: Input should be a valid dictionary"):
        read(written(tmp_path, "just words")).as_model(Shop)


def test_what_cannot_be_read_is_a_fault(tmp_path: Path) -> None:
    broken = tmp_path / "latin.yaml"
    broken.write_bytes(b"name: \xe9\n")
    assert refused(broken) == ["latin.yaml:1: not UTF-8"]
    assert refused(tmp_path / "absent.yaml") == ["absent.yaml:1: the file is missing"]
    assert refused(written(tmp_path, "# nothing\n")) == ["some.yaml:1: the file is empty"]
    assert refused(written(tmp_path, "a: b\nc: [1,\n")) == [
        "some.yaml:3: not YAML: did not find expected node content"
    ]
    assert refused(written(tmp_path, "a: \x07\n")) == [
        "some.yaml:1: not YAML: characters that YAML does not allow"
    ]


def test_several_files_are_read_side_by_side(tmp_path: Path) -> None:
    paths = [
        written(tmp_path, SHOP, "good.yaml"),
        written(tmp_path, "name: [", "torn.yaml"),
        written(tmp_path, "rooms: []", "short.yaml"),
    ]
    made, faults = read_models(paths, Shop)
    assert [document.name for document, _ in made] == ["good.yaml"]
    assert [(fault.file, fault.line) for fault in faults] == [("torn.yaml", 2), ("short.yaml", 1)]
