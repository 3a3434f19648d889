"""Evidence: what a link last saw of a machine or person, beside what the JAMF record says now, in words for people.

A match keeps its evidence as `{"agreed": [piece, …], "contradicted": {piece: [the link saw, the record says]}}`; a
piece that one side does not know is in neither. The same words are in the database (`jamf_sync.evidence_sentence`), for
the statements that find conflicts.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

PIECES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "serial_number": "serial number",
        "udid": "UDID",
        "management_id": "management id",
        "model": "model",
        "username": "user name",
        "email": "e-mail address",
        "full_name": "full name",
        "name": "name",
        "kind": "kind",
    }
)
"""What can agree or contradict, each as people say it, in the order in which a sentence names them."""

NOTHING_KNOWN: Final = "nothing is known that would agree or contradict"


def evidence_sentence(evidence: Mapping[str, Any]) -> str:
    """Says what agreed and what contradicted.

    Args:
        evidence: as a match keeps it; either key may be missing.

    Returns:
        A clause without a full stop, e.g. "UDID agrees; the serial number was C02A and is now C02B".
    """
    contradicted = evidence.get("contradicted", {})
    agreed = [words for piece, words in PIECES.items() if piece in evidence.get("agreed", ())]
    clauses = [
        f"the {words} was {contradicted[piece][0]} and is now {contradicted[piece][1]}"
        for piece, words in PIECES.items()
        if piece in contradicted
    ]
    if agreed:
        clauses.insert(0, f"{_listed(agreed)} {'agrees' if len(agreed) == 1 else 'agree'}")
    return "; ".join(clauses) or NOTHING_KNOWN


def _listed(words: Sequence[str]) -> str:
    """One or more words as a list: `A`, `A and B`, `A, B and C`."""
    *others, last = words
    return f"{', '.join(others)} and {last}" if others else last


def evidence_function() -> str:
    """The function of `jamf_sync` that says the same."""
    pieces = ",\n    ".join(
        f"({place}, '{piece}', '{words}')" for place, (piece, words) in enumerate(PIECES.items())
    )
    return _FUNCTION.format(pieces=pieces, nothing_known=NOTHING_KNOWN)


_FUNCTION: Final = """\
create or replace function jamf_sync.evidence_sentence(evidence jsonb) returns text
language sql immutable parallel safe as $$
  with pieces (place, piece, words) as (values
    {pieces}
  ),
  agreed as (
    select array_agg(words order by place) as words, count(*)::integer as pieces
    from pieces where evidence -> 'agreed' ? piece
  ),
  contradicted as (
    select string_agg(
      format('the %s was %s and is now %s', words, said.value ->> 0, said.value ->> 1), '; ' order by place) as words
    from pieces join jsonb_each(evidence -> 'contradicted') as said on said.key = pieces.piece
  )
  select coalesce(nullif(concat_ws('; ',
    case when agreed.pieces = 1 then agreed.words[1] || ' agrees'
         when agreed.pieces > 1 then array_to_string(agreed.words[:agreed.pieces - 1], ', ')
           || ' and ' || agreed.words[agreed.pieces] || ' agree' end,
    contradicted.words), ''), '{nothing_known}')
  from agreed, contradicted
$$;
"""
