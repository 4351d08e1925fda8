"""Papers are the files of a case: documents made from its records, numbered, printed and kept.

`typeset` turns a template and values into a PDF; `store` keeps a document and gives it back unharmed; `models` has the
row of each. A template is a `.typ` file of the room that owns the case, and says at its top which values it expects.
`seal` signs a paper with the deployment's key and checks one; `statement` signs what a QR code says.
`proofs` keeps what people bring: made again by `kit.proofs`, in order, frozen with each submission.
Papers know no graduate: who may open one is decided by the room, through the case.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProofKind:
    """A kind of proof that a case takes, and how many of it: `least` 0 is as the owner likes."""

    key: str
    label: str
    hint: str = ""
    least: int = 1
    most: int = 6
