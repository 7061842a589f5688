"""Kills, stops and silences real processes while mail is due, and then counts what arrived."""
