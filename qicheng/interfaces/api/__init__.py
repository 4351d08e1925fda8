"""The interface of other systems, version 1: keys at its door, operations read from what the rooms declare (SYN-02, SYN-03)."""
