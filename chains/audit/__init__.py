"""Whole estates judged: verdicts, and the reports of them."""
