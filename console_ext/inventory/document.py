# SPDX-License-Identifier: Apache-2.0
"""Reads the inventory's YAML as a stream of servers with line numbers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

# Maps the path of keys from a server to a value to the value's 0-based line.
Lines = dict[tuple[str, ...], int]


class Document:
    """The text of an inventory file.

    ``yaml.load`` builds a tree of nodes of the whole document and then the values: half
    a minute and a gigabyte for 100,000 servers.  Reading parser events, one server at
    a time, takes a tenth of the time and very little memory.
    """

    MAX_DEPTH = 8

    def __init__(self, text: bytes):
        # libyaml's parser if PyYAML was built with it, as its wheels are.  Any, because
        # the type stubs lack its events and marks.
        self._parser: Any = getattr(yaml, 'CSafeLoader', yaml.SafeLoader)(text)
        self._scalars: dict[str, Any] = {}
        self._anchors: dict[str, Any] = {}

    def servers(self) -> Iterator[tuple[Any, Lines]]:
        """Yield each server as plain Python values, with the lines of its values.

        :raises yaml.MarkedYAMLError: the text is not valid YAML or not an inventory
        """
        for event in self._events():
            lines: Lines = {}
            yield self._value(event, lines, ()), lines

    def _events(self) -> Iterator[Any]:
        """Yield the first event of each server."""
        parser = self._parser
        self._expect(yaml.StreamStartEvent)
        self._expect(yaml.DocumentStartEvent)
        self._expect(yaml.MappingStartEvent)
        key = self._expect(yaml.ScalarEvent)
        if key.value != 'servers':
            raise _problem(key, "expected the key 'servers'")
        self._expect(yaml.SequenceStartEvent)
        while not isinstance(event := parser.get_event(), yaml.SequenceEndEvent):
            yield event
        self._expect(yaml.MappingEndEvent)
        self._expect(yaml.DocumentEndEvent)
        self._expect(yaml.StreamEndEvent)

    def _expect(self, kind: type[yaml.Event]) -> Any:
        event = self._parser.get_event()
        if not isinstance(event, kind):
            raise _problem(
                event, "expected one document with a list of servers under 'servers'"
            )
        return event

    def _value(
        self,
        event: Any,
        lines: Lines,
        path: tuple[str, ...],
    ) -> Any:
        if len(path) > self.MAX_DEPTH:
            raise _problem(event, 'nested too deeply')
        lines[path] = event.start_mark.line
        anchor = event.anchor
        value: Any
        if isinstance(event, yaml.AliasEvent):
            if anchor not in self._anchors:
                raise _problem(event, f'the anchor {anchor!r} is not defined')
            return self._anchors[anchor]
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
        elif isinstance(event, yaml.MappingStartEvent):
            value = self._mapping(lines, path)
        else:
            value = self._sequence(lines, path)
        if anchor is not None:
            self._anchors[anchor] = value
        return value

    def _mapping(self, lines: Lines, path: tuple[str, ...]) -> dict[str, Any]:
        value: dict[str, Any] = {}
        parser = self._parser
        while not isinstance(event := parser.get_event(), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent):
                raise _problem(event, 'a key must be a plain string')
            key = event.value
            if key in value:
                raise _problem(event, f'the key {key!r} occurs twice')
            value[key] = self._value(parser.get_event(), lines, (*path, key))
        return value

    def _sequence(self, lines: Lines, path: tuple[str, ...]) -> list[Any]:
        value: list[Any] = []
        parser = self._parser
        while not isinstance(event := parser.get_event(), yaml.SequenceEndEvent):
            value.append(self._value(event, lines, (*path, str(len(value)))))
        return value

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if not event.implicit[0]:
            return text
        try:
            return self._scalars[text]
        except KeyError:
            pass
        parser = self._parser
        tag = parser.resolve(yaml.ScalarNode, text, (True, False))
        value = parser.construct_object(
            yaml.ScalarNode(tag, text, event.start_mark, event.end_mark)
        )
        parser.constructed_objects.clear()
        # Hosts, ports and states recur and are cached.  The bound keeps unique ids and
        # names from filling the memory.
        if len(self._scalars) < 4096:
            self._scalars[text] = value
        return value


def _problem(event: Any, problem: str) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=event.start_mark)
