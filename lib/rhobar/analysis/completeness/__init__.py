"""Which degenerate structures descriptors and models tell apart."""

from .asked_target import audit_target
from .audit import audit
from .columns import Column
from .expected import expected_table, expected_verdicts, verdict_differences
from .report import AuditReport, ColumnResult
from .report_files import report_table, write_report
from .stored_pairs import audit_columns
from .target import AuditTarget, TargetTraits
from .verdict import Verdict

__all__ = [
    "AuditReport",
    "AuditTarget",
    "Column",
    "ColumnResult",
    "TargetTraits",
    "Verdict",
    "audit",
    "audit_columns",
    "audit_target",
    "expected_table",
    "expected_verdicts",
    "report_table",
    "verdict_differences",
    "write_report",
]
