"""Contenders paired in one run, each in a fresh process, told as ratios."""
