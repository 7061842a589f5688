"""What the next version of the site may bring: a migration that needs a table that forms write to."""
