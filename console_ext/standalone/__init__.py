# SPDX-License-Identifier: Apache-2.0
"""The stand-alone API: a minimal compute API with the filter in front of it."""
