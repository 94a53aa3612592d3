"""``auth.json``: its credentials as they truly are, own and borrowed, and what a user should know about them."""
