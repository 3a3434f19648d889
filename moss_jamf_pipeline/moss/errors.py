"""What can go wrong on the M.O.S.S. side, in words an operator can act on."""


class MossError(Exception):
    """A failure on the M.O.S.S. side.

    Attributes:
        is_transient: whether trying again later may help.
        remedy: what the operator can do.
    """

    is_transient = False

    def __init__(self, what_happened: str, remedy: str) -> None:
        self.remedy = remedy
        super().__init__(f"{what_happened} {remedy}")


class MossUnreachable(MossError):
    """The database does not answer, or refuses the credentials."""

    is_transient = True


class MossNotPrepared(MossError):
    """The database answers but lacks M.O.S.S. tables, our schema or the contract."""


class IntegrationMissing(MossError):
    """No `integration_configs` row of that name."""


class OtherJamfServer(MossError):
    """The integration's data came from another JAMF server than the one configured now."""


class NothingCaptured(MossError):
    """A step needs a capture or a plan that does not exist yet."""


class AnotherApplyRuns(MossError):
    """Another run is applying a plan of this integration."""

    is_transient = True


class OwnershipInvalid(MossError):
    """The ownership table or an integration's override of it cannot be used."""
