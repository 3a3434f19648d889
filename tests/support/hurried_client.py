"""A client of JAMF in a hurry: it waits milliseconds where it would wait seconds."""

from moss_jamf_pipeline.jamf import ClientLimits


def hurried_limits(attempts: int = 6, page_size: int = 8) -> ClientLimits:
    """How a client works that hardly waits.

    Args:
        attempts: tries of one request; at most three on faults that may lie in what was asked for.
        page_size: records per page of JAMF's listings.
    """
    return ClientLimits(
        page_size=page_size,
        smallest_page_size=2,
        max_attempts=attempts,
        max_attempts_on_faults=min(attempts, 3),
        back_off_base_seconds=0.002,
        back_off_cap_seconds=0.05,
    )
