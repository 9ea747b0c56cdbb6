"""Every setting of the server: what there is (`settings`), how it is read (`values`), how it is shown (`table`)."""

from .settings import LOCAL_HOSTS, PREFIX, Mode, Settings
from .table import Setting, settings_markdown, settings_table, unknown_variables

__all__ = [
    "LOCAL_HOSTS",
    "PREFIX",
    "Mode",
    "Setting",
    "Settings",
    "settings_markdown",
    "settings_table",
    "unknown_variables",
]
