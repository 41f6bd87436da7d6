"""The door of connected shops: `POST /shops/{platform}/{id}`."""
