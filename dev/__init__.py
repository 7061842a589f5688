"""What starts the site and its servers on a developer's machine. Production uses none of it."""
