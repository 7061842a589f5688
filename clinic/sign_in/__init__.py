"""How staff sign in: a name and a password with a second factor, or a passkey; by django-allauth and django-axes."""
