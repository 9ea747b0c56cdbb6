"""Policies as data: what is shipped, and that a faulty file says what is wrong with it."""

from __future__ import annotations

import pytest

from liveness_server.checks import REGISTRY
from liveness_server.engine.policy_files import SPINE, STOPS, Replica, load_policies, parse_policy, shipped_policies
from liveness_server.errors import ConfigError
from liveness_server.types import Profile

GOOD = """
description = "Ours."
profiles = ["standard"]
[checks]
confirm = ["active", "single_face", "face_continuity", "identity_continuity"]
confirm_one_of = [["pulse", "depth"]]
deny = ["texture"]
[rules]
steps = 2
settle_s = [0.1, 0.2]
[timing]
wait_s = 3.5
"""


def test_a_file_says_everything_a_policy_has():
    policy = parse_policy("ours", GOOD)
    assert policy.name == "ours"
    assert policy.must_confirm == SPINE
    assert policy.confirm_one_of == (frozenset({"pulse", "depth"}),)
    assert policy.deciding == SPINE | {"pulse", "depth", "texture"}
    assert (policy.rules.steps, policy.rules.settle_s, policy.timing.wait_s) == (2, (0.1, 0.2), 3.5)
    assert policy.rules.deadline_s == 5.0, "what is not said keeps its default"
    assert (policy.production, policy.match_required, policy.profiles) == (False, False, {Profile.STANDARD})


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("steps = 2", "stepps = 2"), "ActiveRules has no stepps"),
        (("wait_s = 3.5", "wait = 3.5"), "Timing has no wait"),
        (("wait_s = 3.5", 'wait_s = "long"'), "Expected `float`"),
        (("wait_s = 3.5", "wait_s = nan"), "wait_s must be finite"),
        (("wait_s = 3.5", "wait_s = -3.5"), "wait_s must be finite, and not negative"),
        (("steps = 2", "steps = -2"), "steps must be finite, and not negative"),
        (("steps = 2", "steps = 40"), "no plan of 40 steps"),
        (('"texture"', '"textures"'), "no such check: textures"),
        (('"active", ', ""), "must have active"),
        (('[["pulse", "depth"]]', "[[]]"), "is empty"),
        (('["standard"]', "[]"), "`profiles` is empty"),
        (('["standard"]', '["fast"]'), "Invalid enum value 'fast'"),
        (("description", "descripton"), "unknown field `descripton`"),
        (("[checks]", "[checks"), "at line"),
    ],
)
def test_a_fault_is_named(change, told):
    with pytest.raises(ConfigError, match=r"ours\.toml") as error:
        parse_policy("ours", GOOD.replace(*change), where="ours.toml")
    assert told in str(error.value)


@pytest.mark.parametrize("name", ["Ours", "1st", "a b", "", "a" * 65, "../x"])
def test_names_fit_into_urns(name):
    with pytest.raises(ConfigError, match="lower-case"):
        parse_policy(name, GOOD)


def test_an_operator_s_files_join_the_shipped_ones(tmp_path):
    (tmp_path / "ours.toml").write_text(GOOD)
    (tmp_path / "notes.txt").write_text("not a policy")
    assert set(load_policies(tmp_path)) == {*shipped_policies(), "ours"}
    assert load_policies(None) == shipped_policies()


def test_a_shipped_name_keeps_its_meaning(tmp_path):
    (tmp_path / "standard.toml").write_text(GOOD)
    with pytest.raises(ConfigError, match=r"standard\.toml: a policy of this name is shipped"):
        load_policies(tmp_path)


def test_what_cannot_be_read_is_named(tmp_path):
    with pytest.raises(ConfigError, match="no such directory"):
        load_policies(tmp_path / "absent")
    (tmp_path / "binary.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(ConfigError, match=r"binary\.toml: cannot be read"):
        load_policies(tmp_path)


def test_the_shipped_policies_are_the_ones_that_are_documented():
    shipped = shipped_policies()
    assert set(shipped) == {"convenience", "standard", "strict", "motion-free", "demo"}
    assert {name for name, policy in shipped.items() if not policy.production} == {"demo"}
    assert shipped["motion-free"].profiles == {Profile.MOTION_FREE}
    assert all(policy.description for policy in shipped.values())


def test_a_stricter_policy_asks_for_no_less():
    convenience, standard, strict = (shipped_policies()[name] for name in ("convenience", "standard", "strict"))
    assert convenience.must_confirm <= standard.must_confirm <= strict.must_confirm
    assert convenience.deciding <= standard.deciding
    assert standard.must_confirm | standard.may_deny <= strict.deciding, "an alternative may be left out"
    assert standard.rules.steps <= strict.rules.steps


def test_what_a_replay_or_a_print_has_never_confirms_alone():
    """Texture reads surroundings, micro-movement a shaken photograph; replays have a pulse, prints answer light."""
    for name, policy in shipped_policies().items():
        required = [{check} for check in policy.must_confirm] + [set(group) for group in policy.confirm_one_of]
        evidence = [group for group in required if group & set(STOPS)]
        for replica in Replica if evidence else ():
            assert any(all(replica in STOPS[check] for check in group) for group in evidence), (name, replica)
        assert bool(evidence) == (name not in {"convenience", "demo"}), (
            "these two say that they ask for challenges only"
        )


def test_light_is_no_substitute_for_a_pulse():
    shipped = shipped_policies()
    assert all(not policy.confirm_one_of for policy in shipped.values())
    assert {"pulse", "light_response"} <= shipped["motion-free"].must_confirm
    assert all("pulse" in shipped[name].must_confirm for name in ("standard", "strict", "motion-free"))
    denying = {
        name for name, policy in shipped.items() if "light_response" in policy.terms(with_reference=False).denying
    }
    assert denying == {"strict", "motion-free"}


def test_every_check_is_one_that_looks_for_attacks_or_one_that_does_not():
    assert set(REGISTRY) == set(STOPS) | (SPINE - {"active"}) | {"image_quality", "match"}


def production(confirm: str = "", one_of: str = "[]", challenges_only: str = "false") -> str:
    return f"""
production = true
challenges_only = {challenges_only}
[checks]
confirm = ["active", "single_face", "face_continuity", "identity_continuity"{confirm}]
confirm_one_of = {one_of}
"""


@pytest.mark.parametrize(
    ("confirm", "one_of"),
    [
        (', "depth"', "[]"),
        (', "pulse", "light_response"', "[]"),
        (', "pulse"', '[["depth", "light_response"]]'),
        ("", '[["pulse", "depth"], ["depth", "light_response"]]'),
        (', "depth", "texture", "micro_movement"', "[]"),
    ],
)
def test_production_takes_what_stops_paper_and_screens(confirm, one_of):
    assert parse_policy("ours", production(confirm, one_of)).production


@pytest.mark.parametrize(
    ("confirm", "one_of", "told"),
    [
        ("", "[]", "must confirm evidence of life"),
        (', "match", "image_quality"', "[]", "must confirm evidence of life"),
        (', "texture"', "[]", "a face on paper can have what is confirmed"),
        (', "micro_movement"', "[]", "a face on paper"),
        (', "stream_integrity", "reused_recording"', "[]", "a face on paper"),
        (', "light_response"', "[]", "a face on paper"),
        (', "pulse"', "[]", "a face on screen can have what is confirmed (pulse); confirm depth or light_response"),
        ("", '[["pulse", "light_response"]]', "a face on paper"),
        ("", '[["depth", "texture"]]', "a face on paper"),
        (', "pulse"', '[["depth", "texture"]]', "a face on screen"),
    ],
)
def test_production_refuses_what_a_replica_has(confirm, one_of, told):
    with pytest.raises(ConfigError) as error:
        parse_policy("ours", production(confirm, one_of))
    assert told in str(error.value)
    assert not parse_policy("ours", production(confirm, one_of).replace("production = true", "")).production


def test_challenges_alone_say_what_they_are():
    assert parse_policy("ours", production(challenges_only="true")).production
    with pytest.raises(ConfigError, match="and yet it confirms more"):
        parse_policy("ours", production(', "depth"', challenges_only="true"))


def test_thresholds_must_be_those_of_the_loaded_models():
    standard = shipped_policies()["standard"]
    measured = {role: digest for check in REGISTRY.values() for role, digest in check.calibrated_on.items()}
    assert standard.uncalibrated(measured) == []
    for role in {role for name in standard.deciding & set(REGISTRY) for role in REGISTRY[name].calibrated_on}:
        assert any(role in problem for problem in standard.uncalibrated(measured | {role: "0" * 64}))
        assert standard.uncalibrated({other: measured[other] for other in measured if other != role})
