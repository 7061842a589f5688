"""What may be done with leads. Each service is one transaction and returns the row that it is about."""
