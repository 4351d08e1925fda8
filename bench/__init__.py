"""Budgets, floors and peers: what the product costs, measured beside what it could cost; `make bench` runs all of it."""
