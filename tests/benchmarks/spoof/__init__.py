"""Attacks on liveness: a kit that makes them from photos and videos, and the report of what they achieve."""
