"""Online signing as if it took proofs: what a flow and its model declare, for tests of what follows from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from qicheng.domain.registration.flows.online_signing import ONLINE_SIGNING
from qicheng.foundation.access import Role
from qicheng.foundation.papers import ProofKind

if TYPE_CHECKING:
    import pytest

CONTRACT = ProofKind("contract", "劳动合同", "拍全首页、签字盖章页", least=2, most=3)
LETTER = ProofKind("letter", "情况说明", least=0, most=1)


def ask_for_proofs(monkeypatch: pytest.MonkeyPatch) -> None:
    """While an invitation waits its employer brings two or three pages of the contract, and a statement if it likes."""
    monkeypatch.setattr(ONLINE_SIGNING, "proofs", lambda case: (CONTRACT, LETTER))
    invited = ONLINE_SIGNING.states["invited"]
    monkeypatch.setitem(ONLINE_SIGNING.states, "invited", replace(invited, proofs_by=(Role.EMPLOYER,)))
