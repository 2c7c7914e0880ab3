# SPDX-License-Identifier: Apache-2.0
"""What the demo has in place of a cloud: guests, and the files of an operator."""
