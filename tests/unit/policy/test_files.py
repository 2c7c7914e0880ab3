# SPDX-License-Identifier: Apache-2.0
"""The files that policy rules come from."""

import os
import time

import pytest
from oslo_policy import opts

from console_ext import exceptions
from console_ext.policy.files import PolicyFiles
from tests.unit.policy.checks import touch

HOUR_S = 3600.0


@pytest.fixture
def conf(deployment):
    conf = deployment.conf()
    opts.set_defaults(conf)
    return conf


@pytest.fixture
def files(conf):
    return PolicyFiles(conf, settling_s=HOUR_S)


def rules_of(files, path, text):
    path.write_text(text)
    return files.read()[str(path)]


@pytest.mark.parametrize(
    'check',
    [
        *('!', '@', '', 'role:a', '(!)', '((role:a))', 'not !', 'role:a and (not !)'),
        *('role:a or ! or @', "'a!':%(x)s", '"role":%(b)s', 'rule:a and not role:b'),
        *(' ! ', 'NOT role:a', 'user_id:%(user_id)s', 'http:http://host/%(name)s'),
        *([], [['role:a', 'role:b'], ['!']], ['role:a']),
    ],
)
def test_check_that_is_understood(deployment, files, check):
    """Every check that oslo.policy supports is accepted."""
    path = deployment.policy_file
    deployment.write_policy({'a': check})
    assert files.read() == {str(path): {'a': check}}


@pytest.mark.parametrize(
    'check',
    [
        *('member', 'role:a andd role:b', 'role:a and', 'or role:a', 'not', '(role:a'),
        *('role:a)', 'not member', 'role:a or (member and !)', "'quoted'", '! !'),
        *('role:a role:b', '(!', '!)', 'not (role:a', [['member']], [[]]),
    ],
)
def test_check_that_is_not_understood(deployment, files, check):
    """The error names the file and the rule."""
    deployment.write_policy({'a': check})
    with pytest.raises(exceptions.ConfigurationError) as caught:
        files.read()
    start = f'policy file {deployment.policy_file}: the check of a cannot be parsed: '
    assert str(caught.value).startswith(start)


def test_what_a_file_says(deployment, files):
    """An explicitly empty file is valid; a file without content is not."""
    path = deployment.policy_file
    assert files.read() == {}
    assert rules_of(files, path, 'a: "!"') == {'a': '!'}
    assert rules_of(files, path, '{}') == {}
    for nothing in ('', '\n', '# a: "!"\n', 'null'):
        assert rules_of(files, path, nothing) is None


def test_which_files_there_are(deployment, files):
    """Files of the directory count, except hidden ones and subdirectories."""
    folder = deployment.path / 'policy.d'
    (folder / 'below').mkdir(parents=True)
    for path in (deployment.policy_file, folder / 'b', folder / 'a', folder / '.c'):
        path.write_text('{}')
    assert list(files.read()) == [
        str(path) for path in (deployment.policy_file, folder / 'a', folder / 'b')
    ]


def test_file_that_is_too_long(deployment, files):
    with deployment.policy_file.open('w') as file:
        file.truncate(17 * 2**20)
    with pytest.raises(exceptions.ConfigurationError, match='it is longer than'):
        files.read()


def test_settled(deployment, files, monkeypatch):
    """Two checks agree or the change is old; a missing file needs two checks."""
    path = deployment.policy_file
    path.write_text('a: "!"')
    first = files.settled_stamp()
    assert first == files.settled_stamp() is not None
    touch(path, 'a: "@"')
    assert files.settled_stamp() is None
    assert files.settled_stamp() == files.stamp() != first
    path.unlink()
    assert files.settled_stamp() is None
    assert files.settled_stamp() == files.stamp() == ()
    path.write_text('a: "!"')
    assert files.settled_stamp() is None
    here = time.time()
    monkeypatch.setattr('time.time', lambda: here + 2 * HOUR_S)
    touch(path, 'a: "@"')
    assert files.settled_stamp() == files.stamp()
    path.unlink()
    assert files.settled_stamp() is None


def test_time_that_is_set_back(deployment, files):
    """As after cp --preserve, with the same size."""
    path = deployment.policy_file
    path.write_text('a: "!"')
    before, first = path.stat(), files.stamp()
    path.write_text('a: "@"')
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert path.stat().st_mtime_ns == before.st_mtime_ns
    assert files.stamp() != first


def test_directory_that_cannot_be_read(deployment, files, monkeypatch):
    """It counts as a change and as an error, like an unreadable file."""
    (deployment.path / 'policy.d').mkdir()
    first = files.stamp()

    def refuse(path):
        raise PermissionError(13, 'Permission denied')

    with monkeypatch.context() as patch:
        patch.setattr('os.scandir', refuse)
        assert files.stamp() != first
        with pytest.raises(exceptions.ConfigurationError, match='Permission denied'):
            files.read()
    assert files.stamp() == first
