# SPDX-License-Identifier: Apache-2.0
"""Who is asking.

A context is made once a request, from what the authentication filters in front of
us left in the WSGI environ: Nova's own ``nova.context`` where it is there, else the
headers of keystonemiddleware.  A client can send these headers too, so they count only
where the environ also has a key that no header can set.
"""

from __future__ import annotations

from typing import Any
from wsgiref.types import WSGIEnvironment

from oslo_context import context as oslo_context

from console_ext import exceptions
from console_ext.policy import Policy

NOVA_CONTEXT = 'nova.context'

# keystonemiddleware sets this key after it has removed the client's identity headers
# (keystonemiddleware/auth_token/_request.py).  A server puts what a client sends below
# HTTP_ (PEP 3333), so the client cannot set it.
KEYSTONE = 'keystone.token_auth'

# The same promise, made by an authentication filter of this package.
AUTHENTICATED = 'console_ext.authenticated'

_NOVA_ATTRIBUTES = (
    'user_id',
    'project_id',
    'domain_id',
    'user_domain_id',
    'project_domain_id',
    'user_name',
    'project_name',
    'roles',
    'system_scope',
    'is_admin_project',
    'service_user_id',
    'service_project_id',
    'service_roles',
    'request_id',
    'global_request_id',
)


class RequestContext(oslo_context.RequestContext):
    """Who is asking, for which project, with which roles.

    Unlike its base it never holds the caller's token: nothing here needs it, and
    what is not held cannot leak.

    :ivar nova: Nova's own context, token and all, where the request came through Nova;
        only to be handed back to Nova, by a look-up that asks it
    """

    nova: Any = None

    def to_policy_values(self) -> dict[str, Any]:
        """The credentials that policy rules see: oslo.context's and ``is_admin``."""
        return {
            'user_id': self.user_id,
            'user_domain_id': self.user_domain_id,
            'system_scope': self.system_scope,
            'domain_id': self.domain_id,
            'project_id': self.project_id,
            'project_domain_id': self.project_domain_id,
            'roles': self.roles,
            'is_admin': self.is_admin,
            'is_admin_project': self.is_admin_project,
            'service_user_id': self.service_user_id,
            'service_user_domain_id': self.service_user_domain_id,
            'service_project_id': self.service_project_id,
            'service_project_domain_id': self.service_project_domain_id,
            'service_roles': self.service_roles,
        }

    def sees(self, project_id: str) -> bool:
        """Whether servers of that project exist as far as the caller may know.

        An administrator's token and a system-scoped one see every project; whether
        they may *do* something there is the policy's to say.
        """
        return bool(self.project_id == project_id or self.is_admin or self.system_scope)


def from_environ(environ: WSGIEnvironment, policy: Policy) -> RequestContext:
    """The context of a request.

    :raises NoAuthenticationFilter: nothing in front of us says whom to believe
    :raises NotAuthenticated: the filter in front of us let a request of nobody through
    """
    nova = environ.get(NOVA_CONTEXT)
    if nova is not None:
        values: dict[str, Any] = {
            name: getattr(nova, name, None) for name in _NOVA_ATTRIBUTES
        }
        # The thread's current context is Nova's to set, not its guest's.
        context = RequestContext(**values, overwrite=False)
        context.nova = nova
    elif KEYSTONE not in environ and AUTHENTICATED not in environ:
        raise exceptions.NoAuthenticationFilter
    else:
        context = RequestContext.from_environ(
            environ,
            auth_token=None,
            service_token=None,
            request_id=environ.get('openstack.request_id'),
            global_request_id=environ.get('openstack.global_request_id'),
        )
    if context.user_id is None:
        raise exceptions.NotAuthenticated
    context.is_admin = policy.is_admin(context.to_policy_values())
    return context
