"""The budgets of the whole country: 12.7 million graduates beside 0.1 million on one server (`make bench-national`)."""
