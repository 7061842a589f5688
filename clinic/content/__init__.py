"""The first content of the site: TOML files (`content/README.md` describes them), read and loaded into the database."""
