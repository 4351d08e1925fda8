"""National code tables: find a code, name it, offer those that are valid for a cohort."""

from qicheng.foundation.codes.tables import Table, may_sign_online, names, table, tier

__all__ = ["Table", "may_sign_online", "names", "table", "tier"]
