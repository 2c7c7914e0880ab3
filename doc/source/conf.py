# SPDX-License-Identifier: Apache-2.0
"""Sphinx configuration of the documentation; ``tox -e docs`` builds it."""

from importlib import metadata

# Imported first, because it prevents libraries from loading eventlet.
import console_ext.cmd  # noqa: F401

project = 'console_ext'
version = release = metadata.version('console-ext')
root_doc = 'index'

extensions = [
    'openstackdocstheme',
    'oslo_config.sphinxext',
    'oslo_policy.sphinxext',
    'sphinx.ext.autodoc',
    'stevedore.sphinxext',
]

html_theme = 'openstackdocs'
html_theme_options = {
    'analytics_tracking_code': '',
    'display_badge': False,
    'root_title': project,
    'show_other_versions': False,
}
html_static_path = ['_static']
html_css_files = ['console_ext.css']
html_last_updated_fmt = '%Y-%m-%d'
templates_path = ['_templates']
# Otherwise the theme reads a name and a version that only pbr writes.
openstackdocs_auto_name = False
openstackdocs_auto_version = False
openstackdocs_pdf_link = False
openstackdocs_repo_name = 'console_ext'

highlight_language = 'none'
autodoc_member_order = 'bysource'
autodoc_typehints_format = 'short'
python_use_unqualified_type_names = True

# References that need a network, and short names in docstrings.
nitpick_ignore_regex = [
    ('py:.*', r'(oslo_\w+|jsonschema|collections|typing|abc|cfg|wsgiref)\..*'),
    ('py:.*', r'.*\.(Method|RequestContext)'),
    ('py:data', 'NAMESPACE'),
    ('py:exc', r'\w+'),
]
