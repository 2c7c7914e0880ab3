# SPDX-License-Identifier: Apache-2.0
"""A server as it is sent on the bus."""

import pytest

from console_ext.rpc import instance


def test_smallest_primitive():
    """The three header keys, a version that never changes, and the id."""
    assert instance.to_primitive('an-id') == {
        'nova_object.name': 'Instance',
        'nova_object.namespace': 'nova',
        'nova_object.version': '2.7',
        'nova_object.data': {'uuid': 'an-id'},
    }


def test_what_is_known_travels_along():
    """Known fields have Nova's names; 0 is a valid database id."""
    primitive = instance.to_primitive(
        'an-id', database_id=0, vm_state='building', host='compute-1'
    )
    assert primitive['nova_object.data'] == {
        'uuid': 'an-id',
        'id': 0,
        'vm_state': 'building',
        'host': 'compute-1',
    }
    assert instance.uuid_of(primitive) == 'an-id'
    assert instance.vm_state_of(primitive) == 'building'


@pytest.mark.parametrize(
    'primitive',
    [
        None,
        'an-id',
        [],
        {},
        {'uuid': 'an-id'},
        {'nova_object.data': {'uuid': 'an-id'}},
        {'nova_object.name': 'Flavor', 'nova_object.data': {'uuid': 'an-id'}},
        {'nova_object.name': 'Instance', 'nova_object.data': {}},
        {'nova_object.name': 'Instance', 'nova_object.data': {'uuid': 7}},
        {'nova_object.name': 'Instance', 'nova_object.data': ['uuid']},
        {'nova_object.name': 'Instance', 'nova_object.data': None},
    ],
)
def test_invalid_instance(primitive):
    """A peer may send any value."""
    with pytest.raises(ValueError, match='not an'):
        instance.uuid_of(primitive)


@pytest.mark.parametrize('state', [None, 7, ['building']])
def test_state_that_is_no_text(state):
    """An invalid state counts as unknown."""
    primitive = instance.to_primitive('an-id')
    primitive['nova_object.data']['vm_state'] = state
    assert instance.vm_state_of(primitive) is None
