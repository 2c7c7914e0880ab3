# SPDX-License-Identifier: Apache-2.0
"""The build backend (PEP 517): setuptools, and npm for the modules of the pages."""

from __future__ import annotations

from typing import Any

from setuptools import build_meta
from setuptools.build_meta import (
    build_editable,
    build_sdist,
    build_wheel,
    prepare_metadata_for_build_editable,
    prepare_metadata_for_build_wheel,
)

from build_backend import assets

__all__ = [
    'build_editable',
    'build_sdist',
    'build_wheel',
    'get_requires_for_build_editable',
    'get_requires_for_build_sdist',
    'get_requires_for_build_wheel',
    'prepare_metadata_for_build_editable',
    'prepare_metadata_for_build_wheel',
]

_Settings = dict[str, Any] | None


def get_requires_for_build_wheel(config_settings: _Settings = None) -> list[str]:
    usual: list[str] = build_meta.get_requires_for_build_wheel(config_settings)
    return [*usual, *assets.requirements()]


def get_requires_for_build_editable(config_settings: _Settings = None) -> list[str]:
    usual: list[str] = build_meta.get_requires_for_build_editable(config_settings)
    return [*usual, *assets.requirements()]


def get_requires_for_build_sdist(config_settings: _Settings = None) -> list[str]:
    usual: list[str] = build_meta.get_requires_for_build_sdist(config_settings)
    return [*usual, *assets.requirements()]
