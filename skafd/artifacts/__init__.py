"""Bytes that are kept by their hash: each content once, whoever has it. Standard library only, for supervisors."""
