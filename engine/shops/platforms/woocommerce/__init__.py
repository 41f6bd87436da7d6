"""WooCommerce: webhooks as its advanced settings create them."""
