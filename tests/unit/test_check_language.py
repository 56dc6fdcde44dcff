"""language: told where it is certain, never guessed where it is not."""

from __future__ import annotations

import subprocess
import sys

import pytest

from checks.finding import Status
from checks.languages import EXAMINED_CHARS, long_enough, prose_of
from tests.fakes.rules import outcome, problem
from tests.fakes.samples import answered

PASS, FAIL, ERROR = Status.PASS, Status.FAIL, Status.ERROR
ENGLISH = "You can return it within 30 days of delivery, in its original box."
GERMAN = "Sie können die Ware innerhalb von 30 Tagen nach der Lieferung zurückgeben."


@pytest.mark.parametrize(
    ("code", "answer"),
    [
        ("en", ENGLISH),
        ("de", GERMAN),
        ("fr", "Vous avez 30 jours pour retourner le produit dans son emballage."),
        ("es", "Puede devolver el producto en un plazo de 30 días después de la entrega."),
        ("it", "Hai 30 giorni per restituire il prodotto nella sua confezione."),
        ("pt", "Você pode devolver o produto em até 30 dias após a entrega."),
        ("nl", "U kunt het product binnen 30 dagen na levering retourneren."),
        ("pl", "Produkt można zwrócić w ciągu 30 dni od dostawy."),
        ("tr", "Ürünü teslimattan sonraki 30 gün içinde iade edebilirsiniz."),
        ("ru", "Вы можете вернуть товар в течение 30 дней после доставки."),
        ("uk", "Ви можете повернути товар протягом 30 днів після доставки."),
        ("ar", "يمكنك إرجاع المنتج خلال ثلاثين يوما من تاريخ التسليم."),
        ("ja", "返品は30日以内に可能です。"),
        ("ko", "배송 후 30일 이내에 반품할 수 있습니다."),
        ("zh", "您可以在收到商品后30天内退货。"),
        ("no", "Du kan returnere produktet innen 30 dager etter at du har fått det."),
        ("nb", "Du kan returnere produktet innen 30 dager etter at du har fått det."),
    ],
)
def test_a_sentence_is_enough_for_common_languages(code: str, answer: str) -> None:
    assert outcome({"language": code}, answered(answer)).status is PASS
    other = "de" if code == "en" else "en"
    told = outcome({"language": other}, answered(answer))
    assert told.status is FAIL
    assert told.reason.startswith(f"expected {other}, got {'no' if code == 'nb' else code} (")


def test_one_of_several_languages_will_do() -> None:
    assert outcome({"language": ["fr", "de"]}, answered(GERMAN)).status is PASS
    assert outcome({"language": {"any": ["fr", "it"]}}, answered(GERMAN)).status is FAIL


@pytest.mark.parametrize(
    "answer",
    [
        None,
        "",
        "147",
        "OK",
        "Yes.",
        "```\nfor item in items:\n    print(item)\n```",
        "https://example.com/a/b",
        "[[[" * 50,
    ],
)
def test_too_little_prose_is_not_judged(answer: str | None) -> None:
    told = outcome({"language": "en"}, answered(answer))
    assert told.status is ERROR
    assert "too few to tell" in told.reason


@pytest.mark.parametrize("answer", ["Hovedstaden er Canberra.", "La capitale est Canberra.", "30 days " * 100])
@pytest.mark.parametrize("code", ["no", "fr", "en", "da"])
def test_what_is_not_clear_is_an_error_or_right_but_never_a_wrong_fail(answer: str, code: str) -> None:
    told = outcome({"language": code}, answered(answer))
    fits = {"H": ("no", "da"), "L": ("fr",), "3": ("en",)}[answer[0]]
    assert told.status is not (FAIL if code in fits else PASS)


def test_code_and_addresses_do_not_count_as_prose() -> None:
    answer = (
        f"{GERMAN}\n```python\nreturn the_quick_brown_fox_jumps_over_the_lazy_dog\n```\nhttps://example.com/the/way"
    )
    assert prose_of(answer).split() == GERMAN.split()
    assert prose_of("``` never closed") == ""
    assert outcome({"language": "de"}, answered(answer)).status is PASS


def test_only_the_beginning_of_a_very_long_answer_is_looked_at() -> None:
    assert len(prose_of(GERMAN * 10_000)) <= EXAMINED_CHARS
    assert outcome({"language": "de"}, answered(GERMAN * 200 + ENGLISH * 10_000)).status is PASS


def test_a_character_of_chinese_counts_as_several_letters() -> None:
    assert long_enough("首都是堪")
    assert not long_enough("abcdefghijk 12345")


@pytest.mark.parametrize(
    ("argument", "message"),
    [
        ("en-US", "'en-US' names a region or script, and those are not told apart; write en"),
        ("deu", "'deu' is no code of a known language"),
        (["de", "zxx"], "'zxx' is no code of a known language"),
        ([], "must not be empty"),
    ],
)
def test_an_unknown_language_is_refused(argument: object, message: str) -> None:
    assert message in problem({"language": argument}).message


def test_the_model_is_loaded_only_where_a_suite_asks_for_a_language() -> None:
    code = "import sys, checks.rules; sys.exit('py3langid' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
