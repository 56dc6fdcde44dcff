"""Settings: read with places, refused with reasons, and never a secret in an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from probes.errors import SettingsError, UsageError
from runner.cli.daemon import LISTEN, with_listen
from runner.settings.settings import LoadedSettings, load_settings
from tests.fakes.settings import ENVIRON, SECRET, loaded


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stor: x", "did you mean 'store'"),
        ("listen: 0.0.0.0:9464", "listen_token"),
        ("listen: 0.0.0.0:9464\nlisten_token: ''", "listen_token"),
        ("listen: 127.0.0.1:99999", "HOST:PORT"),
        ("listen: '127.0.0.1:9²'", "HOST:PORT"),
        ("listen: '9464'", "HOST:PORT"),
        ("public_url: holdfast.example.com", "an http or https address, like https://holdfast.example.com"),
        ("public_url: 'https://user:pw@holdfast.example.com'", "leave out user, password, query and fragment"),
        ("public_url: 'https://holdfast.example.com/?token=1'", "leave out user, password, query and fragment"),
        ("public_url: 7", "an http or https address"),
        ("spend: {usd_per_day: 0}", "more than 0, not the number 0"),
        ("spend: {usd_per_month: 5}", "did you mean 'usd_per_day'"),
        ("spend: {tokens_per_day: 1.5}", "tokens_per_day"),
        ("heartbeat: {url: '${TOKEN}'}", "does not hold a usable url"),
        ("heartbeat: {url: http://127.0.0.1:9, every: 1s}", "1s is too short (at least 10s)"),
        ("heartbeat: {every: 1m}", "url"),
        ("connectivity: [1.1.1.1]", "'1.1.1.1' is not HOST:PORT (write it like 1.1.1.1:443)"),
        ("connectivity: ['https://example.com:443']", "is not HOST:PORT"),
        ("connectivity: ['127.0.0.1:1']", "'127.0.0.1:1' is this machine itself"),
        ("connectivity: ['[::1]:443']", "name an address beyond it, like 1.1.1.1:443"),
        ("connectivity: ['localhost:443']", "is this machine itself"),
        ('maintenance: [{cron: "0 2 * *", for: 1h, reason: x}]', "'0 2 * *' is not a cron line"),
        ('maintenance: [{cron: "0 2 * * sun", for: 8d, reason: x}]', "too long to be blind on purpose (at most 7d)"),
        ("privacy: {text: secret}", "'secret' is none of: none, hash, redacted, full"),
        ("privacy: {redact: [emails]}", "'emails' is none of: email, phone"),
        ("privacy: {patterns: {t: '(a+)+'}}", "repeats something that already repeats"),
        ("privacy: {patterns: {t: '.*x.*y'}}", "too slow for every text"),
        ("privacy: {patterns: {t: 'x*'}}", "matches an empty text"),
        ("privacy: {fields: ['a..b']}", "names no JSON field"),
        ("privacy: {retain: {text: 30d, samples: 14d}}", "retain.text is longer than retain.samples"),
        ("notifiers: {slack: {type: slak}}", "did you mean 'slack'"),
        ("notifiers: {slack: {webhook_url: http://127.0.0.1:9/x}}", "needs a type"),
        ("notifiers: {slack: {type: slack, bot_tokn: x, channel: y}}", "did you mean 'bot_token'"),
        ("notifiers: {slack: {type: slack, bot_token: '${TOKEN}'}}", "channel"),
        ("notifiers: {slack: {type: slack, bot_token: '${NOPE}', channel: c}}", "NOPE is not set"),
        ("notifiers: {pager: {type: pagerduty}}", "notifier 'pager' of type pagerduty needs routing_key"),
        ("notifiers: {pager: {type: pagerduty, routing_key: a b}}", ":1:51: notifier 'pager': pagerduty's routing_key"),
        ("notifiers: {mail: {type: apprise}}", "notifier 'mail' of type apprise needs urls"),
        ("notifiers: {mail: {type: apprise, urls: ['nosuch://x']}}", "text 1 is no address that Apprise knows"),
        ("notifiers: {am: {type: alertmanager, url: am.example}}", ":1:43: notifier 'am': alertmanager's url is not"),
        ("false_alarms_per_year: 0", "false_alarms_per_year"),
    ],
)
def test_wrong_settings_are_refused_with_file_line_and_what_would_be_right(
    tmp_path: Path, text: str, told: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text)
    assert told in str(caught.value)
    assert "holdfast.yaml:" in str(caught.value)
    assert SECRET not in str(caught.value)


def test_settings_keep_their_secrets_out_of_their_repr(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "notifiers: {slack: {type: slack, bot_token: '${TOKEN}', channel: c}}")
    assert SECRET not in repr(settings)


def test_without_a_file_every_setting_has_its_default(tmp_path: Path) -> None:
    settings = load_settings(None, {}, tmp_path)
    assert settings.settings.false_alarms_per_year == 1
    assert settings.notifiers == {}


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    assert load_settings(None, {"HOLDFAST_STORE": "x.db"}, tmp_path).settings.store == "x.db"
    (tmp_path / "holdfast.yaml").write_text("suites: here\n", encoding="utf-8")
    assert load_settings(None, {"HOLDFAST_SUITES": "there"}, tmp_path).settings.suites == "there"


def test_the_daemon_listens_where_the_option_says_else_the_environment_else_the_file(tmp_path: Path) -> None:
    settings = loaded(tmp_path, "listen: 127.0.0.1:1")
    for option, environ, port in ((None, {}, 1), (None, {LISTEN: ""}, 1), (None, {LISTEN: "[::1]:2"}, 2)):
        assert with_listen(settings, option, environ).settings.listen_port == port
    assert with_listen(settings, "127.0.0.1:3", {LISTEN: "127.0.0.1:2"}).settings.listen_port == 3


@pytest.mark.parametrize(
    ("wrong", "told"), [("nowhere", "is not HOST:PORT"), ("0.0.0.0:9464", "needs a listen_token"), (":x", "HOST:PORT")]
)
def test_what_named_a_wrong_address_is_named(tmp_path: Path, wrong: str, told: str) -> None:
    settings = load_settings(None, {LISTEN: wrong}, tmp_path)
    with pytest.raises(UsageError, match=f"HOLDFAST_LISTEN: .*{told}"):
        with_listen(settings, None, {LISTEN: wrong})
    with pytest.raises(UsageError, match=f"--listen: .*{told}"):
        with_listen(settings, wrong, {})


def test_a_token_is_asked_of_who_listens_and_not_of_other_commands(tmp_path: Path) -> None:
    assert load_settings(None, {LISTEN: "0.0.0.0:9464"}, tmp_path).settings.listen_host == "127.0.0.1"
    with pytest.raises(SettingsError, match="needs a listen_token"):
        loaded(tmp_path, "listen: 0.0.0.0:9464")


# ------------------------------------------------------------------------------------------------ nothing is sent
SENDERS = """\
store: kept.db
false_alarms_per_year: 3
listen: 0.0.0.0:9464
listen_token: ${NOPE}
notifiers: {slack: {type: slack, bot_token: '${NOPE}', channel: c, group_wait: 5s}}
heartbeat: {url: '${NOPE}'}
pushgateway: {url: 'http://127.0.0.1:9091', headers: {Authorization: 'Bearer ${NOPE}'}}
"""


def reading(tmp_path: Path, text: str) -> LoadedSettings:
    path = tmp_path / "holdfast.yaml"
    path.write_text(text, encoding="utf-8")
    return load_settings(path, ENVIRON, tmp_path, sends=False)


def test_who_sends_nothing_needs_no_variable_of_what_only_sending_needs(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="NOPE is not set") as caught:
        loaded(tmp_path, SENDERS)
    assert len(caught.value.problems) == 4
    found = reading(tmp_path, SENDERS)
    assert (found.settings.store, found.settings.false_alarms_per_year) == ("kept.db", 3)
    assert not found.notifiers and not found.paces and found.settings.heartbeat is None
    assert found.settings.pushgateway is None and found.settings.listen_token is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("store: ${NOPE}", "NOPE is not set"),
        ("heartbeat: {url: '${NO'}", "a \\$\\{ is never closed"),
        ("heartbeat: {url: '${NOPE}'}\nstor: x", "did you mean 'store'"),
        ("notifiers: {slack: {type: slak, bot_token: '${TOKEN}'}}", "did you mean 'slack'"),
        ("listen: 0.0.0.0:9464", "needs a listen_token"),
    ],
)
def test_who_sends_nothing_is_told_all_else_that_is_wrong(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(SettingsError, match=told):
        reading(tmp_path, text)
