# SPDX-License-Identifier: Apache-2.0
"""What the tests of many parts need of a store of authorizations."""
