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


class DatabaseReadOnly(MossError):
    """A database takes no writes: a standby, or a former primary after a failover."""


class DatabaseUnsuitable(MossError):
    """A database or the way to it cannot be used at all: its encoding, a connection pooler that keeps no sessions."""


class MossNotPrepared(MossError):
    """The database answers but lacks M.O.S.S. tables, our schema or the contract."""


class MossAbsent(MossNotPrepared):
    """The database holds no M.O.S.S. at all."""


class IntegrationMissing(MossError):
    """There is no such `integration_configs` row, or its settings cannot be read."""


class IntegrationUnclear(MossError):
    """Several `integration_configs` rows could be meant."""


class IntegrationDisabled(MossError):
    """The integration is switched off in M.O.S.S."""


class OtherJamfServer(MossError):
    """The integration's data came from another JAMF server than the one configured now."""


class HistoryNotKept(MossError):
    """M.O.S.S. does not write a row of its history, although it raises no error."""


class NothingCaptured(MossError):
    """A step needs a capture or a plan that does not exist yet."""


class PlanNotApplicable(MossError):
    """A plan was named that cannot be applied, or cannot be applied any more."""


class PlanNotRevertible(MossError):
    """A plan was named that cannot be reverted."""


class ConflictNotResolvable(MossError):
    """A conflict that is not there or not open, or a resolution that its kind does not allow."""


class AnotherApplyRuns(MossError):
    """Another run is applying a plan of this integration."""

    is_transient = True


class LockedByOthers(MossError):
    """Another session holds what the sync needs, and did not let go of it in time."""

    is_transient = True


class TableLocked(LockedByOthers):
    """Another session keeps everybody from a whole table of M.O.S.S."""


class CredentialsUnreadable(MossError):
    """The credentials saved with an integration cannot be decrypted, or are none."""


class CredentialsNotKept(MossError):
    """There is no usable key to save credentials under, or no row to save them in."""
