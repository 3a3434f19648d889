"""The reasons for which a record or one of its fields is in quarantine."""

from enum import StrEnum


class Reason(StrEnum):
    """Why something could not be used. The values are stored and shown; never rename one."""

    # These make the whole record unusable.
    SERIAL_NUMBER_MISSING = "serial_number_missing"
    SERIAL_NUMBER_PLACEHOLDER = "serial_number_placeholder"
    PERSONALLY_OWNED = "personally_owned"
    OUT_OF_SCOPE = "out_of_scope"
    NO_USERNAME_OR_EMAIL = "no_username_or_email"
    NAME_MISSING = "name_missing"
    GROUP_KIND_UNKNOWN = "group_kind_unknown"

    # These cost one field its value. The record stays usable unless it cannot do without the field.
    WRONG_TYPE = "wrong_type"
    TOO_LONG = "too_long"
    MALFORMED_EMAIL = "malformed_email"
    MALFORMED_MAC_ADDRESS = "malformed_mac_address"
    MALFORMED_DATE = "malformed_date"
    TIME_IN_FUTURE = "time_in_future"

    # This one costs nothing here: it announces what the plan will do.
    CUT_TO_FIT = "cut_to_fit"
