"""Apple's models: which are laptops, and which of these have a socket for Ethernet.

`apple_models.csv` has the identifiers that Apple publishes ("Identify your MacBook Air model" and its like on
support.apple.com), from those of 2008 to those of 2025, each with the first model that was sold under it; beside them
stand three that only the hardware reports (MacBookPro5,4, iMac14,3, Macmini5,3). A model that is newer than the table
is told by its name, its family or its battery.
"""

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    import pandas as pd

    Texts = pd.Series[str]
    Truths = pd.Series[bool]

_PUBLISHED: Final = Path(__file__).with_name("apple_models.csv")

LAPTOP: Final = "laptop"
WORKSTATION: Final = "workstation"

_LAPTOP_WORDS: Final = r"macbook|powerbook|ibook"
_WORKSTATION_WORDS: Final = (
    r"imac|mac ?mini|mac ?studio|mac ?pro|xserve|vmware|virtual|parallels|qemu"
)
_FAMILY_UNTOLD: Final = r"(?i:mac[0-9]+,[0-9]+)"  # newer identifiers, of laptops and desktops alike


class AppleModel(NamedTuple):
    """One line of `apple_models.csv`.

    Attributes:
        identifier: what the hardware calls itself, such as `Mac16,1`.
        name: the first model that was sold under it, in Apple's words.
        form_factor: `laptop` or `workstation`.
        year: when it was introduced.
        ethernet: whether it has a socket for Ethernet: `yes`, `no`, or `optional`.
    """

    identifier: str
    name: str
    form_factor: str
    year: int
    ethernet: str


@cache
def published_models() -> Mapping[str, AppleModel]:
    """The published models by identifier."""
    with _PUBLISHED.open(encoding="utf-8", newline="") as file:
        models = [
            AppleModel(
                line["identifier"],
                line["name"],
                line["form_factor"],
                int(line["year"]),
                line["ethernet"],
            )
            for line in csv.DictReader(file)
        ]
    return {model.identifier: model for model in models}


def form_factor(models: "Texts", model_identifiers: "Texts", has_battery: "Truths") -> "Texts":
    """Tell laptops from workstations (strategy: "based on model").

    The first of these that tells decides: the published identifier; the marketing name; the family in the identifier
    (`MacBookPro19,1`); a battery. Virtual machines are workstations.

    Args:
        models: marketing names; JAMF puts the identifier in its place while it has no name for a new model.
        model_identifiers: Apple's identifiers.
        has_battery: whether the computer reports a battery.

    Returns:
        `laptop`, `workstation` or NULL, where nothing tells, for each.
    """
    factors = {identifier: model.form_factor for identifier, model in published_models().items()}
    told = model_identifiers.map(factors).astype("str")
    told = told.where(told.notna(), models.map(factors).astype("str"))
    for texts in (models, model_identifiers):
        if told.hasnans:  # of a fleet of published models nothing is left to be read
            told = told.where(told.notna(), _told_by_words(texts))
    return told.mask(told.isna() & has_battery.fillna(value=False), LAPTOP)


def has_no_ethernet(models: "Texts", model_identifiers: "Texts") -> "pd.Series[Any]":
    """Whether a computer is of a published model of laptop without a socket for Ethernet."""
    without = {
        model.identifier
        for model in published_models().values()
        if model.form_factor == LAPTOP and model.ethernet == "no"
    }
    return model_identifiers.isin(without) | models.isin(without)


def _told_by_words(texts: "Texts") -> "Texts":
    """The form factor that the words of a name or identifier tell, NULL where they tell none."""
    readable = texts.mask(texts.str.fullmatch(_FAMILY_UNTOLD, na=False))
    told = readable.mask(readable.notna())
    for word, pattern in ((WORKSTATION, _WORKSTATION_WORDS), (LAPTOP, _LAPTOP_WORDS)):
        told = told.mask(readable.str.contains(pattern, case=False, regex=True, na=False), word)
    return told
