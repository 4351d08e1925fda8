"""The documents under docs/flows, made from what the flows say of themselves."""

from qicheng.foundation.flow.declare import FLOWS


def flow_documents() -> dict[str, str]:
    """File name → Markdown of every declared flow: its drawing (Mermaid) and its table; Django must be set up."""
    return {f"{flow.name}.md": _document(flow.label, flow.diagram(), flow.table()) for flow in FLOWS.values()}


def _document(label: str, diagram: str, table: str) -> str:
    note = "由 `make flows` 从流程声明生成，请勿手工修改。"
    return f"# {label}\n\n{note}\n\n```mermaid\n{diagram.rstrip()}\n```\n\n```text\n{table.rstrip()}\n```\n"
