"""Changing where the household registration goes: the graduate applies, one or two levels review (ARC-05, SET-09)."""

from qicheng.domain.transfer.effects import records
from qicheng.domain.transfer.models import HouseholdChange

from .acts import changing

HOUSEHOLD_CHANGE = changing("household_change", "户口信息修改申请", HouseholdChange, records.household_change)
