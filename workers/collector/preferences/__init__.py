"""The public page on which a contact chooses what it receives, one-click unsubscription, and opt-ins."""
