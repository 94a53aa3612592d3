"""``auth.json``: its credentials as they truly are, own and borrowed, and what a user should know about them."""

from hermes_state.inspection.auth.room import AuthLook, AuthRoom

__all__ = ["AuthLook", "AuthRoom"]
