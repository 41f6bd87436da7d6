"""Notices of sending services: one module a service, found by its name in `registry`."""
