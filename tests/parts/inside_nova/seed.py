# SPDX-License-Identifier: Apache-2.0
"""Write servers into Nova's databases, without booting them.

The arguments are those of a Nova program; a JSON list of servers comes on the standard
input, each with the name of its cell, or with None for none.
"""

import json
import sys

from nova import config, context, objects
from nova.network import model
from nova.objects import host_mapping
from oslo_utils import timeutils


def instance_of(owner, values):
    return objects.Instance(
        owner,
        uuid=values['id'],
        display_name=values['name'],
        hostname=values['name'],
        project_id=values['project_id'],
        user_id=values['user_id'],
        host=values.get('host'),
        vm_state=values.get('vm_state', 'active'),
        task_state=values.get('task_state'),
        power_state=values.get('power_state', 1),
        locked=values.get('locked', False),
        image_ref='',
        metadata={'made': 'by a test'},
        system_metadata={},
        flavor=objects.Flavor(
            id=1,
            flavorid='1',
            name='small',
            memory_mb=64,
            vcpus=1,
            root_gb=0,
            ephemeral_gb=0,
            swap=0,
            rxtx_factor=1.0,
            vcpu_weight=0,
            disabled=False,
            is_public=True,
            extra_specs={},
            deleted=False,
            created_at=None,
            updated_at=None,
            deleted_at=None,
            description=None,
        ),
        info_cache=objects.InstanceInfoCache(
            instance_uuid=values['id'], network_info=model.NetworkInfo()
        ),
    )


def create(admin, cell, values):
    if cell is None:
        # Requested but not scheduled.
        instance = instance_of(admin, values)
        instance.created_at = timeutils.utcnow(with_timezone=True)
        # Defaults of a database row, and the properties of images that Nova reads.
        instance.auto_disk_config = False
        for name, kind in instance.fields.items():
            if kind.nullable and not instance.obj_attr_is_set(name):
                setattr(instance, name, None)
        objects.BuildRequest(
            admin,
            instance_uuid=values['id'],
            project_id=values['project_id'],
            instance=instance,
        ).create()
    else:
        with context.target_cell(admin, cell) as in_cell:
            instance_of(in_cell, values).create()
    objects.InstanceMapping(
        admin,
        instance_uuid=values['id'],
        project_id=values['project_id'],
        user_id=values['user_id'],
        queued_for_delete=False,
        cell_mapping=cell,
    ).create()


def main():
    config.parse_args(sys.argv)
    objects.register_all()
    admin = context.get_admin_context()
    cells = {cell.name: cell for cell in objects.CellMappingList.get_all(admin)}
    host_mapping.discover_hosts(admin)
    for values in json.load(sys.stdin):
        name = values.pop('cell', 'cell1')
        create(admin, name and cells[name], values)


if __name__ == '__main__':
    main()
