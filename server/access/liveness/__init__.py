"""Whether a face is a living one: passive evidence, and a challenge. Pure: landmarks and times in.

What each can and cannot stop was measured: docs/liveness/.
"""
