"""Shopify: webhooks as its notification settings, a custom app or an app of the store create them."""
