# SPDX-License-Identifier: Apache-2.0
"""The filters in front of the stand-alone API, in the order of api-paste.ini.

None of them is needed where the extensions are loaded into another compute API: that
has its own.
"""
