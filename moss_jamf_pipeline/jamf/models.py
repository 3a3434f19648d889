"""The answers of the Classic API about users, whose names differ; what is kept of them is `allow_list.User`."""

from typing import NotRequired

from pydantic import with_config
from typing_extensions import TypedDict  # pydantic asks for this one before Python 3.12

from moss_jamf_pipeline.jamf.allow_list import LENIENT, Text


@with_config(LENIENT)
class ClassicUser(TypedDict):
    """A user of the Classic API: other names, integer id, `""` for nothing, e-mail twice."""

    id: Text
    name: Text
    full_name: Text
    email: Text
    email_address: Text
    phone_number: Text
    position: Text


@with_config(LENIENT)
class ClassicUserAnswer(TypedDict):
    """The envelope around a Classic user."""

    user: ClassicUser


@with_config(LENIENT)
class ClassicUserReference(TypedDict):
    """An item of the Classic user list."""

    id: str
    name: NotRequired[Text]


@with_config(LENIENT)
class ClassicUserList(TypedDict):
    """The Classic user list: every user of the server in one answer."""

    users: list[ClassicUserReference]
