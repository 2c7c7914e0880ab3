# SPDX-License-Identifier: Apache-2.0
"""Methods with the same name, for different microversions."""

from console_ext import wsgi
from console_ext.wsgi.controller import overloads
from console_ext.wsgi.declarations import declaration_of


class Greeting(wsgi.Controller):
    @wsgi.api_version('2.1', '2.5')
    def show(self):
        return self, 'first'

    @wsgi.api_version('2.6', '2.8')
    def show(self):  # noqa: F811
        return self, 'second'

    @wsgi.api_version('2.9')
    def show(self):  # noqa: F811
        return self, 'third'

    def index(self):
        return 'replaced'

    def index(self):  # noqa: F811
        return 'last'


def test_every_method_of_a_name():
    """The last one first, each bound to the controller, with its own declarations."""
    greeting = Greeting()
    methods = list(overloads(greeting.show))
    assert [method() for method in methods] == [
        (greeting, 'third'),
        (greeting, 'second'),
        (greeting, 'first'),
    ]
    assert [declaration_of(method).minimum for method in methods] == [
        '2.9',
        '2.6',
        '2.1',
    ]


def test_methods_without_marks():
    """They replace each other, as in any class."""
    assert [method() for method in overloads(Greeting().index)] == ['last']


def test_subclass_starts_anew():
    """A method of a subclass replaces all inherited ones of its name."""

    class Derived(Greeting):
        @wsgi.api_version('2.3')
        def show(self):
            return 'derived'

    class Same(Greeting):
        pass

    assert [method() for method in overloads(Derived().show)] == ['derived']
    assert len(list(overloads(Same().show))) == 3


def test_controller_of_another_class():
    """Without the base class, a name has only one method."""

    class Plain:
        @wsgi.api_version('2.3')
        def show(self):
            return 'plain'

    assert [method() for method in overloads(Plain().show)] == ['plain']
