"""The engine of all acts: declarations in `declare`, the one way to move a case in `perform`, tables in `models`."""
