# SPDX-License-Identifier: Apache-2.0
"""Sphinx configuration of the API reference; ``tox -e api-ref`` builds it."""

from importlib import metadata

project = 'console_ext API reference'
version = release = metadata.version('console-ext')
root_doc = 'index'

extensions = ['openstackdocstheme', 'os_api_ref']

html_theme = 'openstackdocs'
html_theme_options = {
    'analytics_tracking_code': '',
    'display_badge': False,
    'root_title': project,
    'show_other_versions': False,
    'sidebar_mode': 'toc',
}
html_static_path = ['../../doc/source/_static']
html_css_files = ['console_ext.css']
html_last_updated_fmt = '%Y-%m-%d'
templates_path = ['../../doc/source/_templates']
# Otherwise the theme reads a name and a version that only pbr writes.
openstackdocs_auto_name = False
openstackdocs_auto_version = False
openstackdocs_pdf_link = False
openstackdocs_repo_name = 'console_ext'
