"""Papers are the files of a case: documents made from its records, numbered, printed and kept.

`typeset` turns a template and values into a PDF; `store` keeps a document and gives it back unharmed; `models` has the
row of each. A template is a `.typ` file of the room that owns the case, and says at its top which values it expects.
Papers know no graduate: who may open one is decided by the room, through the case.
"""
