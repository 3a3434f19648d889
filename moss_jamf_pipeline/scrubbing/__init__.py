"""Takes secrets out of whatever leaves this process: texts, documents, errors, logs.

Nobody can promise what the message of an exception, or the answer of a server, holds. Two kinds of things are removed:
the secrets that this process holds (`known`), in whatever spelling (`spellings`), and what looks like a secret: bearer
tokens, `password=…`, the password of a URL. Whoever takes a secret in hand has it remembered; whoever hands a text on
has it scrubbed, before it is cut or folded: a part of a secret is not recognised any more.
"""

from moss_jamf_pipeline.scrubbing.cleaning import (
    MASK,
    scrubbed,
    scrubbed_document,
    scrubbed_error,
)
from moss_jamf_pipeline.scrubbing.known import (
    remember_address,
    remember_secret,
    remember_token,
    repeats_a_secret,
)
from moss_jamf_pipeline.scrubbing.outlets import (
    keep_secrets_out_of_logs,
    keep_secrets_out_of_tracebacks,
)

__all__ = [
    "MASK",
    "keep_secrets_out_of_logs",
    "keep_secrets_out_of_tracebacks",
    "remember_address",
    "remember_secret",
    "remember_token",
    "repeats_a_secret",
    "scrubbed",
    "scrubbed_document",
    "scrubbed_error",
]
