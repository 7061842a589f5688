"""Whether everything around the site is as it must be: what `manage.py doctor` tells whoever runs it."""
