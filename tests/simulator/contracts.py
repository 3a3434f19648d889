"""Turns JAMF's published interface descriptions into JSON Schemas that say what its servers really send.

The descriptions are read from the directory that `JAMF_OPENAPI_DIR` names. Taken literally they would refuse the
answers of a real server, and accept almost anything else; so a schema is changed in four ways:

* a scalar may be null (the descriptions hardly mark it; nearly every unset value is null in reality), also an enum;
* an object may be null where a section was not requested, or nothing is known (`enrollmentMethod`);
* a number has no lower bound: a Mac without battery reports -1 although the description says 0 to 100;
* an object has all the keys that the description names, and no other: a typing error in a key is a failure.
"""

import copy
import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

Schema = dict[str, Any]

_SCALARS = {"string", "integer", "number", "boolean"}


class Description:
    """One OpenAPI description."""

    def __init__(self, path: Path) -> None:
        self._document = json.loads(path.read_text())

    def answer_schema(self, path: str, method: str = "get", status: int = 200) -> Schema:
        """The schema of one answer, as its servers really keep it.

        Args:
            path: as the description writes it, without the server's prefix.
            method: in lower case.
            status: the HTTP status.

        Returns:
            A JSON Schema without references.
        """
        answer = self._document["paths"][path][method]["responses"][str(status)]
        return self._realistic(answer["content"]["application/json"]["schema"])

    def raw_schema(self, name: str) -> Schema:
        """A named schema with its references resolved and nothing else changed."""
        return self._resolved(self._document["components"]["schemas"][name])

    def _resolved(self, schema: Schema) -> Schema:
        if "$ref" in schema:
            return self._resolved(
                self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            )
        resolved = copy.copy(schema)
        if "properties" in schema:
            resolved["properties"] = {
                key: self._resolved(value) for key, value in schema["properties"].items()
            }
        if "items" in schema:
            resolved["items"] = self._resolved(schema["items"])
        return resolved

    def _realistic(self, schema: Schema) -> Schema:
        schema = self._merged(schema)
        if "oneOf" in schema:
            return {"anyOf": [self._realistic(kind) for kind in schema["oneOf"]]}
        if "properties" in schema:
            properties = {
                key: self._realistic(value) for key, value in schema["properties"].items()
            }
            return {
                "type": ["object", "null"],
                "properties": properties,
                "required": sorted(properties),
                "additionalProperties": False,
            }
        if schema.get("type") == "array":
            return {"type": ["array", "null"], "items": self._realistic(schema["items"])}
        if schema.get("type") == "object":
            values = schema.get("additionalProperties", {})
            return {"type": ["object", "null"], "additionalProperties": values}
        scalar: Schema = (
            {"type": [schema["type"], "null"]} if schema.get("type") in _SCALARS else {}
        )
        if "enum" in schema:
            scalar["enum"] = [*schema["enum"], None]
        if "format" in schema:
            scalar["format"] = schema["format"]
        return scalar

    def _merged(self, schema: Schema) -> Schema:
        """The schema behind a reference; the parts of an `allOf` become one object."""
        if "$ref" in schema:
            return self._merged(
                self._document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
            )
        if "allOf" not in schema:
            return schema
        properties: Schema = {}
        for part in schema["allOf"]:
            properties |= self._merged(part).get("properties", {})
        return {"type": "object", "properties": properties}


def unknown_elements(element: ET.Element, schema: Schema, path: str = "") -> list[str]:
    """What an XML answer of the Classic API has that its description lacks, or has in another type.

    Args:
        element: the element.
        schema: its description, references resolved. Arrays describe the elements inside them as properties.
        path: where the element is.

    Returns:
        One text per difference.
    """
    path = f"{path}/{element.tag}"
    if schema.get("type") == "array":
        schema = schema["items"]
    if "properties" not in schema:
        if len(element):
            return [f"{path} has child elements"]
        return (
            []
            if _is_scalar(element.text or "", schema.get("type"))
            else [f"{path}: {element.text!r}"]
        )
    differences = []
    for child in element:
        described = schema["properties"].get(child.tag)
        if described is None:
            differences.append(f"{path}/{child.tag} is not described")
        else:
            differences += unknown_elements(child, described, path)
    return differences


def _is_scalar(text: str, kind: str | None) -> bool:
    if kind == "integer":
        return text.lstrip("-").isdecimal()
    if kind == "boolean":
        return text in {"true", "false"}
    return True
