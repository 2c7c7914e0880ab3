# SPDX-License-Identifier: Apache-2.0
"""Who may do what."""

import pytest

from console_ext import exceptions
from console_ext.policy import Policy

UNUSABLE = ['- a', 'just text', 'a: 1', 'a: [b, 1]', '{', '\x00', 'a: [']


@pytest.mark.parametrize('text', UNUSABLE)
def test_unusable_file_at_the_start_is_one_line(deployment, text):
    """What is YAML but no rules is refused like what is no YAML."""
    deployment.policy_file.write_text(text)
    with pytest.raises(exceptions.ConfigurationError) as caught:
        Policy(deployment.conf())
    assert str(caught.value).startswith('policy file policy.yaml: ')
    assert '\n' not in str(caught.value)
