"""What goes wrong when people are told. No message repeats the address of a webhook or a password."""

from moss_jamf_pipeline.services.explanations import ProblemFound


class NotTold(ProblemFound):
    """A webhook or a mail server does not take what people are to be told."""


class MailUnusable(ProblemFound):
    """What the environment says of mail is not enough, or contradicts itself."""
