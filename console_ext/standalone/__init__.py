# SPDX-License-Identifier: Apache-2.0
"""The small compute API that stands around the filter where there is no other."""
