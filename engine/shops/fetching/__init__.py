"""Asking shops for their orders and customers: the first fetch of what is past, and polls for what is new."""
