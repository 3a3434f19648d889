"""How hard and how patiently a client works: every number in one place, with its reason."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Patience:
    """How often one request is tried before it is given up.

    Attributes:
        attempts: tries in all, whatever goes wrong.
        attempts_on_faults: tries on faults that may lie in what was asked for (500, 502, 504,
            timeouts, an answer that breaks off); a page that keeps failing so is better split than
            repeated.
    """

    attempts: int
    attempts_on_faults: int


@dataclass(frozen=True, slots=True)
class ClientLimits:
    """The limits of one `JamfClient`. The defaults are JAMF's advice where there is one.

    Attributes:
        max_in_flight: requests under way at once, over all sweeps of the client (JAMF: at most 5
            connections).
        page_size: records asked for per page at first; what follows is `page_sizes`.
        largest_page_size: where growing stops (JAMF serves at most 2,000, of some listings less). It
            takes nothing from a larger `page_size`.
        smallest_page_size: where shrinking for good stops (isolating a bad record goes down to 1).
        swift_answer_seconds: a larger page is tried only if it would come within this even if all the
            time went into its records. JAMF asks its clients to watch response times; small calls
            have been seen to take 0.4 to 0.7 s, and four times 500 records within 3 s still leave
            every gateway's time limit far away.
        slow_answer_seconds: answers that take longer are tried smaller. Twice the swift ones: half a
            page that was given up as slow does not look swift, so that sizes do not swing.
        negligible_seconds: a round trip that is not worth larger pages. Over the 200 pages of 100,000
            computers, five at a time, it adds up to a second.
        answer_bytes_held: what the answers held at once may weigh, decompressed: `pages_held` pages
            of 2,000 computers of 5 KB each. Heavier records come in smaller pages.
        largest_answer_bytes: what one answer may weigh, decompressed: the first page of 500 computers of
            40 KB each; 34 KB are the heaviest that are known. A page that weighs more is read in parts.
        largest_answer_values: how many values may stand in it, counted by its commas. Of that size JAMF's own
            answers have three quarters as many.
        most_records: what one listing may hold. JAMF's largest fleets are a tenth of it; their ids alone are
            200 MB.
        max_attempts: tries of one request.
        max_attempts_on_faults: tries of one request on 500, 502, 504 and timeouts.
        max_retries_per_sweep: the sum of all retries of one sweep.
        max_consecutive_unserved: records in a row that JAMF cannot serve before it counts as down.
        back_off_base_seconds: the first wait; it doubles with every try, with jitter.
        back_off_cap_seconds: the longest wait, also for a `Retry-After`.
        connect_timeout_seconds: for TCP and TLS.
        read_timeout_seconds: between two pieces of an answer (a page of 2000 can take a minute to
            begin).
        answer_timeout_seconds: for one answer as a whole, so that a trickling server cannot hold a
            sweep.
        idle_connection_seconds: how long a connection is kept that nothing is sent over. Requests of a sweep follow
            one another; those of people do not, and JAMF closes idle ones after two minutes.
        rejected_kept: rejected records a sweep's summary lists; pages carry every one.
    """

    max_in_flight: int = 5
    page_size: int = 500
    largest_page_size: int = 2_000
    smallest_page_size: int = 25
    swift_answer_seconds: float = 3.0
    slow_answer_seconds: float = 6.0
    negligible_seconds: float = 0.025
    answer_bytes_held: int = 64 * 2**20
    largest_answer_bytes: int = 20 * 2**20
    largest_answer_values: int = 1_000_000
    most_records: int = 2_000_000
    max_attempts: int = 6
    max_attempts_on_faults: int = 3
    max_retries_per_sweep: int = 2_000
    max_consecutive_unserved: int = 10
    back_off_base_seconds: float = 1.0
    back_off_cap_seconds: float = 60.0
    connect_timeout_seconds: float = 10.0
    read_timeout_seconds: float = 120.0
    answer_timeout_seconds: float = 300.0
    idle_connection_seconds: float = 5.0
    rejected_kept: int = 1_000

    @property
    def request_patience(self) -> Patience:
        """For a request that cannot be made smaller."""
        return Patience(self.max_attempts, self.max_attempts_on_faults)

    @property
    def page_patience(self) -> Patience:
        """For a page, which is split after the second fault rather than asked for a third time."""
        return Patience(self.max_attempts, min(2, self.max_attempts_on_faults))

    @property
    def trial_patience(self) -> Patience:
        """For a page in a size that is only tried: its parts are known to be served."""
        return Patience(self.max_attempts, 1)

    @property
    def pages_held(self) -> int:
        """Pages of one sweep that exist at once: those under way, and the one in the caller's hands."""
        return self.max_in_flight + 1


DEFAULT_LIMITS = ClientLimits()
