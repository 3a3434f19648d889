"""Evidence in words: the catalogue and the database say the same of it."""

from typing import Any

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from psycopg.types.json import Jsonb

from moss_jamf_pipeline.catalogue.evidence import NOTHING_KNOWN, PIECES, evidence_sentence
from tests.db.support import Bench
from tests.support.properties import examples

_SAID = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
_EVIDENCE = st.fixed_dictionaries(
    {},
    optional={
        "agreed": st.lists(st.sampled_from(sorted(PIECES)), unique=True),
        "contradicted": st.dictionaries(
            st.sampled_from(sorted(PIECES)), st.tuples(_SAID, _SAID).map(list)
        ),
    },
)


@settings(max_examples=examples(8), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(evidence=_EVIDENCE)
@example(evidence={})
@example(evidence={"agreed": ["udid"], "contradicted": {"serial_number": ["%s", "100%"]}})
def test_the_database_says_it_as_the_catalogue_does(trial: Bench, evidence: dict[str, Any]) -> None:
    said = trial.value("select jamf_sync.evidence_sentence(%s)", Jsonb(evidence))
    assert said == evidence_sentence(evidence)


def test_what_people_read() -> None:
    assert evidence_sentence({}) == NOTHING_KNOWN
    assert (
        evidence_sentence(
            {
                "agreed": ["udid", "management_id"],
                "contradicted": {"serial_number": ["C02A", "C02B"]},
            }
        )
        == "UDID and management id agree; the serial number was C02A and is now C02B"
    )
    assert evidence_sentence({"agreed": ["model", "udid", "serial_number"]}) == (
        "serial number, UDID and model agree"
    )
